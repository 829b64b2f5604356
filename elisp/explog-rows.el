;;; explog-rows.el --- Lists whose rows are marked and renewed  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What the lists of results and of runs have in common.  Each line of such
;; a list is for a row that the server sent, and is known by an id, a
;; string.  When the list is drawn anew, the marks stay, and so does point
;; in each window.

;;; Code:

(require 'explog-base)
(require 'tabulated-list)

(defface explog-rows-marked '((t :inherit warning))
  "The mark of a row."
  :group 'explog)

(defvar-local explog-rows--by-id nil
  "Maps the ids of the lines in this buffer to their rows.")

(defun explog-rows-of (id)
  "Return the row with ID, or nil."
  (and id explog-rows--by-id (gethash id explog-rows--by-id)))

(defun explog-rows-here ()
  "Return the row at point, or signal a `user-error'."
  (or (explog-rows-of (tabulated-list-get-id))
      (user-error "There is nothing on this line")))

(defun explog-rows-do-lines (function)
  "Call FUNCTION with the row of each line, at its beginning."
  (save-excursion
    (goto-char (point-min))
    (while (not (eobp))
      (when-let ((row (explog-rows-of (tabulated-list-get-id))))
        (save-excursion (funcall function row)))
      (forward-line))))

;;;; Marks

(defun explog-rows--put-mark (&optional advance)
  "Mark this line, and go to the next if ADVANCE."
  (tabulated-list-put-tag (propertize "*" 'face 'explog-rows-marked) advance))

(defun explog-rows-mark ()
  "Mark this row, and go to the next."
  (interactive)
  (explog-rows-here)
  (explog-rows--put-mark t))

(defun explog-rows-unmark ()
  "Remove the mark of this row, and go to the next."
  (interactive)
  (explog-rows-here)
  (tabulated-list-put-tag " " t))

(defun explog-rows-unmark-all ()
  "Remove the mark of each row."
  (interactive)
  (tabulated-list-clear-all-tags))

(defun explog-rows-marked ()
  "Return the marked rows, in their order."
  (let (rows)
    (explog-rows-do-lines (lambda (row)
                            (when (eq ?* (char-after))
                              (push row rows))))
    (nreverse rows)))

;;;; The mode

(defvar explog-rows-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map tabulated-list-mode-map)
    (define-key map "m" #'explog-rows-mark)
    (define-key map "u" #'explog-rows-unmark)
    (define-key map "U" #'explog-rows-unmark-all)
    map)
  "Keys of a list whose rows are marked.")

(define-derived-mode explog-rows-mode tabulated-list-mode "Explog Rows"
  "Parent of the modes for lists whose rows are marked.
\\{explog-rows-mode-map}"
  (explog-show-reordering)
  (setq tabulated-list-padding 2
        ;; The folder in which the list was asked for may go.
        default-directory (expand-file-name "~/")))

;;;; Drawing

(defun explog-rows-draw (rows id entry &optional decorate)
  "Draw the list of ROWS anew.
ID and ENTRY are functions that return the id of a row, a string, and its
texts, a vector.  Marked rows stay marked.  In each window point stays on
its row, and the top line where it was.  DECORATE is called with each row
at the beginning of its line."
  (let ((marked (mapcar id (explog-rows-marked)))
        (places (mapcar #'explog-rows--window-place (get-buffer-window-list nil nil t))))
    (setq explog-rows--by-id (make-hash-table :test #'equal)
          tabulated-list-entries
          (mapcar (lambda (row)
                    (puthash (funcall id row) row explog-rows--by-id)
                    (list (funcall id row) (funcall entry row)))
                  rows))
    (tabulated-list-print t)
    (explog-rows-do-lines
     (lambda (row)
       (when decorate
         (funcall decorate row))
       (when (member (funcall id row) marked)
         (explog-rows--put-mark))))
    (mapc #'explog-rows--restore-window places)))

(defun explog-rows--window-place (window)
  "Return (WINDOW ID TOP), the id that its point is on, and its top line."
  (list window
        (tabulated-list-get-id (window-point window))
        (line-number-at-pos (window-start window))))

(defun explog-rows--restore-window (place)
  "Put point and top line of a window back to PLACE."
  (pcase-let ((`(,window ,id ,top) place))
    (save-excursion
      (goto-char (point-min))
      (forward-line (1- top))
      (set-window-start window (point) t)
      (goto-char (point-min))
      (while (not (or (eobp) (equal id (tabulated-list-get-id))))
        (forward-line))
      (set-window-point window (if (eobp) (point-min) (point))))))

(provide 'explog-rows)

;;; explog-rows.el ends here
