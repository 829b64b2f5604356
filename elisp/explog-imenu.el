;;; explog-imenu.el --- Experiments in the index of a log  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; In a log, imenu has a submenu "Experiments" after Org's index.  It lists
;; each experiment as "[201] ABC in XYZ", with its steps.
;;
;; `explog-mode' advises the functions that make the index, so no variable
;; is set in any buffer.  The submenu is made when imenu asks for the index,
;; and kept until the buffer changes.

;;; Code:

(require 'explog-base)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-steps)

(declare-function org-imenu-get-tree "org-compat" ())
(defvar imenu--index-alist)

(defvar-local explog-imenu--known nil
  "The submenu of this buffer, (STAMP . ENTRIES), or nil.
STAMP is what it depends on.")

(defun explog-imenu-around (function &rest args)
  "Call FUNCTION, `org-imenu-get-tree', with ARGS; add experiments in a log.
This is the advice of `explog-mode'."
  (let ((tree (apply function args)))
    (if (not (explog-log-buffer-p))
        tree
      (add-hook 'explog-mode-off-hook #'explog-imenu-forget)
      (if-let ((entries (explog-imenu--entries)))
          (append tree (list (cons "Experiments" entries)))
        tree))))

(defun explog-imenu-instead (function &rest args)
  "Call FUNCTION, `imenu-default-create-index-function', with ARGS.
In a log, make Org's index instead.  Before Org 9.7, a buffer that is
older than imenu has no index.  This is advice of `explog-mode'."
  (if (explog-log-buffer-p)
      (org-imenu-get-tree)
    (apply function args)))

(defun explog-imenu--entries ()
  "Return the submenu of the experiments in this buffer."
  (let ((stamp (list (buffer-chars-modified-tick) explog-tag explog-steps-heading)))
    (unless (equal stamp (car explog-imenu--known))
      (setq explog-imenu--known (cons stamp (explog-imenu--make))))
    ;; Who gets it sorts it in place, say.
    (copy-tree (cdr explog-imenu--known))))

(defun explog-imenu--make ()
  "Make the submenu of the experiments in this buffer."
  (let ((gc-cons-threshold (max gc-cons-threshold 50000000)))
    (save-excursion
      (save-restriction
        (widen)
        (mapcar (lambda (experiment)
                  (goto-char (cdr experiment))
                  (explog-imenu--entry (car experiment)))
                (explog-heading-collect))))))

(defun explog-imenu--entry (id)
  "Return the entry for experiment ID, whose heading is at point.
If it has steps, that is a submenu whose first item is the heading."
  (let ((title (format "[%s] %s" id (explog-steps-title)))
        (steps (explog-steps)))
    (if (null steps)
        (explog-imenu--item title (point) id)
      `(,title
        ,(explog-imenu--item "Heading" (point) id)
        ,@(mapcar (pcase-lambda (`(,number ,start . ,_))
                    (explog-imenu--item
                     (format "%s %s" number (explog-steps-text start))
                     start id number))
                  steps)))))

(defun explog-imenu--item (name position &rest place)
  "Return the item NAME for PLACE, (ID [STEP]), which is near POSITION.
Imenu commonly uses markers, but many thousands of them would slow down
each change of the buffer."
  `(,name ,position explog-imenu--goto . ,place))

(defun explog-imenu--goto (_name position id &optional step)
  "Go to experiment ID, or to its STEP, which was at POSITION."
  (let ((place (save-restriction
                 (widen)
                 (explog-imenu--find position id step))))
    (unless (<= (point-min) place (point-max))
      (widen))
    (goto-char place)))

(defun explog-imenu--find (position id step)
  "Return the position of experiment ID, or its STEP, which was at POSITION."
  (let ((places (explog-log-places id)))
    (unless places
      (user-error "Experiment %s is not here any more" id))
    (save-excursion
      (goto-char (car (sort places (lambda (one other)
                                     (< (abs (- one position))
                                        (abs (- other position)))))))
      (or (and step (explog-steps-position step))
          (point)))))

(defun explog-imenu-forget ()
  "Forget the indexes with experiments, because `explog-mode' is off."
  (remove-hook 'explog-mode-off-hook #'explog-imenu-forget)
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (when explog-imenu--known
        (setq explog-imenu--known nil
              imenu--index-alist nil)))))

(provide 'explog-imenu)
;;; explog-imenu.el ends here
