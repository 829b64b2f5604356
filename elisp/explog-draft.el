;;; explog-draft.el --- Write for a log in a buffer of its own  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A draft is what is written for a log from elsewhere: from magit, a
;; commit message or code.  C-c C-c puts it there, C-c C-k forgets it.
;;
;; Unlike a capture of org it is not in the log before it is finished.  So
;; there is nothing to take back, the log may change meanwhile, and what
;; cannot be put there stays in the draft.

;;; Code:

(require 'explog)
(require 'org)
(require 'subr-x)

(defvar-local explog-draft--finish nil
  "The function that takes the text of this draft.")

(defvar-local explog-draft--cancel nil
  "The function that is called when this draft is forgotten, or nil.")

(defvar-local explog-draft--initial nil
  "The text that this draft began with.")

(defvar-local explog-draft--window nil
  "The window from which this draft was begun.")

(defvar explog-draft-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-c") #'explog-draft-finish)
    (define-key map (kbd "C-c C-k") #'explog-draft-cancel)
    map)
  "The keys of `explog-draft-mode'.")

(define-minor-mode explog-draft-mode
  "Minor mode of a buffer with a draft for an experiment log.

\\{explog-draft-mode-map}"
  :lighter " Draft"
  :interactive nil)

(defun explog-draft-begin (what initial finish &optional cancel)
  "Show a buffer for a draft of WHAT, as \"note on e201\".
It begins with the text INITIAL.  FINISH is called with the text when
the draft is finished; if it signals an error, the draft stays.  What it
returns is called, unless it is nil, when the draft is gone.  CANCEL is
called when the draft is forgotten instead."
  (let ((window (selected-window))
        (buffer (generate-new-buffer (format "*explog %s*" what))))
    (with-current-buffer buffer
      (org-mode)
      (explog-draft-mode)
      (insert initial)
      (set-buffer-modified-p nil)
      (setq buffer-undo-list nil
            explog-draft--initial initial
            explog-draft--finish finish
            explog-draft--cancel cancel
            explog-draft--window window)
      (setq-local header-line-format (explog-draft--header what)
                  buffer-offer-save t)
      (add-hook 'kill-buffer-query-functions #'explog-draft--kill-p nil t))
    (pop-to-buffer buffer)))

(defun explog-draft--kill-p ()
  "Return non-nil if this buffer may be killed; ask if something was written."
  (or (not (buffer-modified-p))
      (yes-or-no-p "What you wrote is not in the log yet; kill it all the same? ")))

(defun explog-draft--header (what)
  "Return the header line of a draft of WHAT."
  (substitute-command-keys
   (format "%s: \\[explog-draft-finish] puts it into the log, \
\\[explog-draft-cancel] forgets it"
           (string-replace "%" "%%" (concat (capitalize (substring what 0 1))
                                            (substring what 1))))))

(defun explog-draft-finish ()
  "Put this draft into the log."
  (interactive)
  (let ((text (buffer-substring-no-properties (point-min) (point-max))))
    (when (string= (string-trim text) (string-trim explog-draft--initial))
      (user-error (substitute-command-keys "Nothing is written yet; \
\\[explog-draft-cancel] forgets the draft")))
    (let* ((draft (current-buffer))
           (restore (window-parameter nil 'quit-restore))
           (before (window-prev-buffers))
           (then (save-current-buffer
                   (funcall explog-draft--finish text))))
      ;; Org shows other buffers in the window for a moment when it logs.
      (when-let ((window (get-buffer-window draft)))
        (set-window-parameter window 'quit-restore restore)
        (set-window-prev-buffers window before))
      (explog-draft--close draft)
      (when then
        (funcall then)))))

(defun explog-draft-cancel ()
  "Forget this draft; the log stays as it is."
  (interactive)
  (let ((cancel explog-draft--cancel))
    (explog-draft--close (current-buffer))
    (when cancel
      (funcall cancel))
    (message "explog: nothing was written")))

(defun explog-draft--close (draft)
  "Kill the buffer DRAFT, and go back to the window from which it was begun."
  (let ((window (get-buffer-window draft))
        (back (buffer-local-value 'explog-draft--window draft)))
    (with-current-buffer draft
      (set-buffer-modified-p nil))      ; nothing is asked
    (if window
        (quit-restore-window window 'kill)
      (kill-buffer draft))
    (when (window-live-p back)
      (select-window back))))

(provide 'explog-draft)
;;; explog-draft.el ends here
