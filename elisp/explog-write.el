;;; explog-write.el --- Write into an experiment of a log  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; How `explog-note', `explog-add-step' and `explog-conclude' get into a
;; log: which buffer it is, what must not be written, and a change that
;; is one step for `undo'.

;;; Code:

(require 'explog)
(require 'explog-edit)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-steps)
(require 'explog-visit)
(require 'seq)
(require 'subr-x)

;;;; Which buffer

(defun explog-write-visit (id)
  "Return (BUFFER . NEW): the log that has experiment ID, visited if need be.
NEW is non-nil if nobody visited it before.  The current buffer is
preferred.  Signal a `user-error' if nothing can be written there."
  (let* ((buffers (buffer-list))
         (buffer (if (explog-write-here-p id)
                     (current-buffer)
                   (find-file-noselect (expand-file-name (explog-visit-file id)))))
         (new (not (memq buffer buffers)))
         (done nil))
    (unwind-protect
        (progn (explog-write-check buffer id)
               (setq done t)
               (cons buffer new))
      (when (and new (not done))
        (explog-write-forget buffer)))))

(defun explog-write-here-p (id)
  "Return non-nil if the current buffer has a log with experiment ID."
  (and (explog-log-here-p)
       (save-restriction
         (widen)
         (explog-log-find id))))

(defun explog-write-base (&optional buffer)
  "Return the buffer that visits the file of BUFFER, by default the current one."
  (or (buffer-base-buffer buffer) buffer (current-buffer)))

;;;; What must not be written

(defun explog-write-check (buffer id)
  "Signal a `user-error' if experiment ID in BUFFER must not be written."
  (with-current-buffer (explog-write-base buffer)
    (unless (derived-mode-p 'org-mode)
      (user-error "%s is not in Org mode" (buffer-name)))
    (when-let ((problem (explog-edit-problem)))
      (user-error "%s" (explog-write--sentence problem)))
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (explog-write--place id))
        (when-let ((line (explog-write--conflict)))
          (user-error "Line %d is left from a merge conflict; resolve it first" line))))))

(defun explog-write--sentence (text)
  "Return TEXT with a capital letter, unless it begins with a file's name."
  (if (string-prefix-p "the " text)
      (concat "T" (substring text 1))
    text))

(defun explog-write--place (id)
  "Return the position of the one experiment ID in this buffer, all of it seen."
  (let ((places (explog-log-places id)))
    (cond ((null places)
           (user-error "%s does not have experiment %s any more" (buffer-name) id))
          ((cdr places)
           (user-error "Experiment %s is there twice, in lines %d and %d" id
                       (line-number-at-pos (car places))
                       (line-number-at-pos (cadr places))))
          (t (car places)))))

(defun explog-write--conflict ()
  "Return the number of a line that a merge left in the entry at point, or nil.
Seven equal signs under a title as long are none: so titles are
underlined in Markdown."
  (save-excursion
    (let ((end (explog-log-entry-end)) found)
      (while (and (not found)
                  (re-search-forward
                   "^\\(?:\\(?:<<<<<<<\\|>>>>>>>\\||||||||\\)\\(?: \\|\r?$\\)\\|=======\r?$\\)"
                   end t))
        (beginning-of-line)
        (unless (and (eq ?= (char-after))
                     (= 7 (length (string-trim-right (explog-write--line 0))))
                     (= 7 (length (string-trim-right (explog-write--line -1)))))
          (setq found (line-number-at-pos)))
        (end-of-line))
      found)))

(defun explog-write--line (offset)
  "Return the line OFFSET lines on from that at point."
  (save-excursion
    (forward-line offset)
    (buffer-substring-no-properties (point) (line-end-position))))

;;;; A change

(defun explog-write-at (buffer id function)
  "Return what FUNCTION does in BUFFER at the heading of experiment ID.
BUFFER is seen whole meanwhile."
  (with-current-buffer buffer
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (explog-write--place id))
        (funcall function)))))

(defun explog-write-change (buffer id function)
  "Call FUNCTION in BUFFER at the heading of experiment ID, and return its value.
All that it changes is one step for `undo'; if it does not return,
nothing is changed."
  (explog-write-check buffer id)
  (explog-write-at
   buffer id
   (lambda ()
     (undo-boundary)
     (let ((changes (prepare-change-group))
           (deactivate-mark nil))
       (prog1 (atomic-change-group
                (funcall function))
         (undo-amalgamate-change-group changes)
         (undo-boundary))))))

(defun explog-write-typing (id put &optional finish)
  "Change experiment ID in this buffer so that the user can go on typing.
PUT is called at the heading of the experiment.  It returns where point
is to be, and FINISH, unless it is nil, is called after it.  Return nil,
and change nothing, if the buffer is narrowed to something else."
  (let ((least (point-min-marker))
        (most (copy-marker (point-max) t)))
    (when-let ((place (catch 'explog-hidden
                        (explog-write-change
                         (current-buffer) id
                         (lambda ()
                           (let ((place (copy-marker (save-excursion (funcall put)))))
                             (unless (<= least place most)
                               (throw 'explog-hidden nil))
                             (when finish
                               (funcall finish))
                             place))))))
      (push-mark nil t)
      (goto-char place)
      (explog-visit-unfold)
      t)))

(defun explog-write-away (buffer id function &optional what)
  "Do `explog-write-change' with BUFFER, ID and FUNCTION from elsewhere.
BUFFER is saved if it was before.  Say that WHAT is there now, by
default what FUNCTION returns."
  (let* ((base (explog-write-base buffer))
         (modified (buffer-modified-p base))
         (value (explog-write-change buffer id function)))
    (unless modified
      (explog-write-save base))
    (message "explog: %s%s" (or what value)
             (if modified
                 (format " (not saved, as %s has other changes)" (buffer-name base))
               ""))))

(defun explog-write-save (buffer)
  "Save BUFFER if it is modified, adding nothing at its end."
  (with-current-buffer buffer
    (when (buffer-modified-p)
      (let ((save-silently t)
            (require-final-newline nil))
        (save-buffer)))))

(defun explog-write-forget (buffer)
  "Kill BUFFER, which visits a log, if nobody has done anything with it."
  (when (and (buffer-live-p buffer)
             (not (buffer-modified-p buffer))
             (not (get-buffer-window buffer t)))
    (kill-buffer buffer)))

(provide 'explog-write)
;;; explog-write.el ends here
