;;; explog-attention.el --- Show what needs the user  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The mode line shows ` explog:2!' while there are two open problems,
;; ` explog:!' while the server cannot run, and otherwise nothing.  The
;; server sends the problems whenever they change; there is no polling.
;;
;; If a step with a hash is renumbered, its commit refers to another number
;; than the reader sees.  The server sends these steps, too.  In a log, they
;; are flagged after the hash until the list is corrected.  The text of the
;; log is not changed.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-log)
(require 'explog-settings)
(require 'seq)
(require 'subr-x)

(autoload 'explog-check-announced "explog-check")
(autoload 'explog-doctor "explog-doctor" nil t)

(declare-function explog-server-last-problem "explog-server" ())

(defface explog-attention '((t :inherit warning))
  "The sign in the mode line that there are open problems."
  :group 'explog)

(defvar explog-attention--count 0
  "The number of open problems.")

(defvar explog-attention--texts nil
  "Descriptions of the first of these problems, strings.")

(defvar explog-attention-sign ""
  "The sign in the mode line, or an empty string.")
;; Otherwise its keymap would be ignored.
(put 'explog-attention-sign 'risky-local-variable t)

(defvar explog-attention--map
  (let ((map (make-sparse-keymap)))
    (define-key map [mode-line mouse-1] #'explog-attention)
    map)
  "The keys of the sign.")

;;;; Problems

(defun explog-attention-set (count texts)
  "Note that there are COUNT open problems.
TEXTS describe the newest of them, the newest first.  The server calls
this."
  (unless (and (natnump count) (explog-attention--strings-p texts))
    (signal 'wrong-type-argument (list 'explog-attention count texts)))
  (setq explog-attention--count count
        explog-attention--texts texts)
  (explog-attention-show)
  t)

(defun explog-attention--strings-p (value)
  "Return non-nil if VALUE is a list of strings."
  (and (proper-list-p value) (seq-every-p #'stringp value)))

(defun explog-attention-restart ()
  "Forget the problems, because the server stopped or was restarted."
  (setq explog-attention--count 0
        explog-attention--texts nil)
  (explog-attention-show))

(defun explog-attention--texts ()
  "Return descriptions of the open problems, a list of strings."
  (if-let ((problem (and (featurep 'explog-server) (explog-server-last-problem))))
      (cons problem (mapcar #'cdr explog-settings-problems))
    (let ((more (- explog-attention--count (length explog-attention--texts))))
      (append (mapcar #'cdr explog-settings-problems)
              explog-attention--texts
              (and (> more 0) (list (format "... and %d more" more)))))))

;;;###autoload
(defun explog-attention ()
  "Go to the newest problem in the list of `explog-check'.
If it is one of the server or the options, call `explog-doctor'."
  (interactive)
  (cond ((or explog-settings-problems
             (and (featurep 'explog-server) (explog-server-last-problem)))
         (explog-doctor))
        ((zerop explog-attention--count)
         (user-error "There are no open problems"))
        (t (explog-check-announced (car explog-attention--texts)))))

;;;; The sign

(defun explog-attention-show ()
  "Update the sign in the mode line."
  (let* ((texts (and explog-mode (explog-attention--texts)))
         (sign (if texts (explog-attention--make texts) "")))
    (unless (equal-including-properties sign explog-attention-sign)
      (setq explog-attention-sign sign)
      (if texts
          (explog-attention--add)
        (explog-attention-remove))
      (force-mode-line-update t))))

(defun explog-attention--make (texts)
  "Return the sign for problems that TEXTS describe."
  (concat " "
          (propertize (if (zerop explog-attention--count)
                          "explog:!"
                        (format "explog:%d!" (+ explog-attention--count
                                                (length explog-settings-problems))))
                      'face 'explog-attention
                      'mouse-face 'mode-line-highlight
                      'local-map explog-attention--map
                      'help-echo (explog-attention--tooltip
                                  (concat (string-join texts "\n")
                                          "\nmouse-1: show the problems")))))

(defun explog-attention--tooltip (text)
  "Return TEXT as a tooltip: its quotes and `\\\\[' are no names of keys."
  (propertize (explog-visible text) 'help-echo-inhibit-substitution t))

(defvar explog-attention--wrapped nil
  "A cons (NEW . OLD), if `global-mode-string' was not a list, or nil.
OLD was its value, and NEW is the list that was made of it.")

(defun explog-attention--add ()
  "Add the sign to the mode line, after what others have there."
  (unless (explog-attention--there-p)
    (let ((others global-mode-string))
      ;; A list that begins with a symbol is one mode line construct.
      (unless (and (consp others) (or (consp (car others)) (stringp (car others))))
        (setq others (if others (list "" others) (list ""))
              explog-attention--wrapped (cons others global-mode-string)))
      (setq global-mode-string (append others (list 'explog-attention-sign))))))

(defun explog-attention--there-p ()
  "Return non-nil if the sign is in the mode line."
  (and (consp global-mode-string)
       (memq 'explog-attention-sign global-mode-string)))

(defun explog-attention-remove ()
  "Remove the sign from the mode line."
  (setq explog-attention-sign "")
  (when (explog-attention--there-p)
    (let ((rest (remq 'explog-attention-sign global-mode-string)))
      ;; Other packages may have added something since.
      (setq global-mode-string (if (equal rest (car explog-attention--wrapped))
                                   (cdr explog-attention--wrapped)
                                 rest)
            explog-attention--wrapped nil))))

;;;; Flags in a log

(defface explog-renumbered '((t :inherit warning))
  "A step whose hash belongs to another number."
  :group 'explog)

(cl-defstruct (explog-flags-row (:type list) (:constructor nil) (:copier nil))
  "A step whose hash belongs to another number, as the server sends it."
  file line experiment hash message)

(defvar explog-flags--all nil
  "The flags in all logs, a list of `explog-flags-row'.")

(defun explog-flags-set (flags)
  "Show FLAGS, a list of (FILE LINE ID HASH MESSAGE), and no others.
The server calls this."
  (unless (and (proper-list-p flags) (seq-every-p #'explog-flags--row-p flags))
    (signal 'wrong-type-argument (list 'explog-flags-row flags)))
  (setq explog-flags--all (and explog-mode flags))
  (if explog-flags--all
      (add-hook 'find-file-hook #'explog-flags--show)
    (remove-hook 'find-file-hook #'explog-flags--show))
  (dolist (buffer (buffer-list))
    (when (buffer-local-value 'buffer-file-name buffer)
      (with-current-buffer buffer
        (explog-flags--show))))
  t)

(defun explog-flags--row-p (row)
  "Return non-nil if ROW is an `explog-flags-row'."
  (and (proper-list-p row) (= 5 (length row))
       (natnump (explog-flags-row-line row))
       (explog-attention--strings-p (cons (car row) (cddr row)))))

(defun explog-flags-remove ()
  "Remove all flags."
  (explog-flags-set nil))

(defun explog-flags--show ()
  "Show the flags of the log in the current buffer, and no others."
  (let ((flags (and explog-flags--all
                    (explog-log-buffer-p)
                    (seq-filter (lambda (flag) (explog-flags--here-p (explog-flags-row-file flag)))
                                explog-flags--all))))
    (save-excursion
      (save-restriction
        (widen)
        (remove-overlays nil nil 'explog-flag t)
        (dolist (flag flags)
          (when-let ((end (explog-flags--place (explog-flags-row-line flag)
                                               (explog-flags-row-experiment flag)
                                               (explog-flags-row-hash flag))))
            (explog-flags--put end (explog-flags-row-hash flag)
                               (explog-flags-row-message flag))))))))

(defun explog-flags--here-p (file)
  "Return non-nil if the current buffer visits FILE."
  (or (equal file buffer-file-name)
      (equal (file-truename file) (expand-file-name buffer-file-truename))))

(defun explog-flags--place (line id hash)
  "Return the end of HASH, with parentheses, in experiment ID, or nil.
LINE is its line in the file, which is near its line in the buffer."
  (goto-char (point-min))
  (forward-line (1- line))
  (let ((text (format "(%s)" hash)))
    (if (search-forward text (line-end-position) t)
        (point)
      (seq-some (lambda (start)
                  (goto-char start)
                  (search-forward text (explog-log-entry-end) t))
                (explog-log-places id)))))

(defun explog-flags--put (end hash message)
  "Show MESSAGE after HASH, whose closing parenthesis ends at END."
  (let ((overlay (make-overlay (- end (length hash) 2) end nil t))
        (tooltip (explog-attention--tooltip message)))
    (overlay-put overlay 'explog-flag t)
    (overlay-put overlay 'evaporate t)
    (overlay-put overlay 'face 'explog-renumbered)
    (overlay-put overlay 'help-echo tooltip)
    (overlay-put overlay 'after-string
                 (propertize (concat " ← " (replace-regexp-in-string "\\`[[:xdigit:]]+ " ""
                                                                     (explog-visible message)))
                             'face 'explog-renumbered 'help-echo tooltip))))

(provide 'explog-attention)
;;; explog-attention.el ends here
