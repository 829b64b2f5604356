;;; explog-message.el --- Write the message of a commit  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What helps to refer to the right step when a commit is made, in the
;; message buffers of magit and vc: `[e' is completed to experiments and
;; steps (`explog-message-complete'), a reference to what no log has is
;; marked (`explog-message-check'), and \\<explog-message-mode-map>\
;; \\[explog-message-insert-last] puts the step that was worked on last in
;; front of the subject, or the next likely one if it is there already.
;;
;; Nothing here holds up a commit.

;;; Code:

(require 'explog)
(require 'seq)
(require 'subr-x)

(autoload 'explog-message-check-problems "explog-message-check")
(autoload 'explog-message-check-start "explog-message-check")
(autoload 'explog-message-check-stop "explog-message-check")
(autoload 'explog-message-complete "explog-message-complete")
(autoload 'explog-message-complete-forget "explog-message-complete")
(autoload 'explog-message-insert-last "explog-message-last" nil t)
(autoload 'explog-message-last-ask "explog-message-last")
(autoload 'explog-message-last-ask-steps "explog-message-last")
(autoload 'explog-message-last-forget "explog-message-last")
(defvar explog-bridge-ready-hook)
(defvar explog-cache-changed-functions)

;;;; The mode

(defvar explog-message-mode-map
  (let ((map (make-sparse-keymap)))
    ;; C-c with a punctuation sign is what minor modes have; magit, log-edit
    ;; and their kin use C-c C-LETTER and C-c M-LETTER.
    (define-key map (kbd "C-c [") #'explog-message-insert-last)
    (define-key map (kbd "C-M-i")
      '(menu-item "" completion-at-point :filter explog-message--complete-key))
    map)
  "The keys of `explog-message-mode'.
That for completion is one of them only where a reference can be
completed: before Emacs 30, Text mode completes words by it.")

(defun explog-message--complete-key (command)
  "Return COMMAND if a reference can be completed at point."
  (and (explog-message-complete) command))

(define-minor-mode explog-message-mode
  "Help to refer to experiments in the message of a commit.
`explog-mode' turns this on in the message buffers of magit and vc.

\\{explog-message-mode-map}"
  :lighter nil
  :interactive nil
  (if explog-message-mode
      (explog-message--set-up)
    (explog-message--take-down)))

(defun explog-message--set-up ()
  "Do what `explog-message-mode' is for in this buffer."
  (add-hook 'completion-at-point-functions #'explog-message-complete nil t)
  (add-hook 'with-editor-pre-finish-hook #'explog-message--finished nil t)
  (add-hook 'log-edit-done-hook #'explog-message--finished nil t)
  (add-hook 'explog-cache-changed-functions #'explog-message--changed)
  (add-hook 'explog-bridge-ready-hook #'explog-message--ask-all)
  (explog-message-check-start)
  (explog-message-last-ask))

(defun explog-message--take-down ()
  "Take back what `explog-message--set-up' did in this buffer."
  (remove-hook 'completion-at-point-functions #'explog-message-complete t)
  (remove-hook 'with-editor-pre-finish-hook #'explog-message--finished t)
  (remove-hook 'log-edit-done-hook #'explog-message--finished t)
  (explog-message-last-forget)
  (explog-message-check-stop))

(defun explog-message-comment-p ()
  "Return non-nil if git takes nothing from the line at point.
It is a comment, or behind the line that the message is cut off at."
  (when (bound-and-true-p git-commit-mode)
    (save-excursion
      (beginning-of-line)
      (or (and comment-start
               (looking-at-p (regexp-quote (string-trim-right comment-start))))
          (re-search-backward "^.+ -\\{8,\\} >8 -\\{8,\\}$" nil t)))))

;;;; What is known

(defun explog-message--buffers ()
  "Return the buffers in which a message is written."
  (seq-filter (lambda (buffer) (buffer-local-value 'explog-message-mode buffer))
              (buffer-list)))

(defun explog-message--ask-all ()
  "Ask for what all buffers need, as there is a server now."
  (dolist (buffer (explog-message--buffers))
    (with-current-buffer buffer
      (explog-message-last-ask))))

(defun explog-message--changed (ids)
  "Show what is known of the experiments with IDS now, or of any if t."
  (explog-message-complete-forget)
  (when-let ((buffers (explog-message--buffers)))
    (unless (consp ids)
      (explog-message-last-ask-steps))
    (dolist (buffer buffers)
      (with-current-buffer buffer
        (when (eq ids t)
          (explog-message-last-ask))
        (explog-message-check-start)))))

;;;; When it is finished

(defvar explog-message--timer nil
  "The timer that tells what is wrong with the message that was finished.")

(defun explog-message--finished ()
  "Tell soon of references in this message that lead nowhere.
Not at once, as magit and vc have something to say of the commit."
  (ignore-errors                        ; whatever happens, the commit is made
    (when-let ((problems (explog-message-check-problems)))
      (explog-message--cancel)
      (setq explog-message--timer
            (run-with-timer 1 nil #'explog-message--tell
                            (string-join problems "; "))))))

(defun explog-message--tell (text)
  "Show TEXT."
  (setq explog-message--timer nil)
  (message "explog: %s" text))

(defun explog-message--cancel ()
  "Tell nothing of a message that was finished."
  (when explog-message--timer
    (cancel-timer explog-message--timer)
    (setq explog-message--timer nil)))

;;;; On and off

(defconst explog-message--hooks
  '((git-commit . git-commit-mode-hook)
    (log-edit . log-edit-mode-hook))
  "Alist of features and the hooks that buffers with a message run.")

(defun explog-message--turn-on ()
  "Turn on `explog-message-mode' if a message is written in this buffer."
  (when (or (bound-and-true-p git-commit-mode)
            (derived-mode-p 'log-edit-mode))
    ;; An error would leave magit's buffer half set up.
    (with-demoted-errors "explog: %S"
      (explog-message-mode 1))))

(defun explog-message-install ()
  "Help with the messages of commits, also those being written."
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (explog-message--turn-on)))
  (pcase-dolist (`(,feature . ,hook) explog-message--hooks)
    (when (featurep feature)
      (add-hook hook #'explog-message--turn-on))))

(defun explog-message-uninstall ()
  "Take back what `explog-message-install' did."
  (pcase-dolist (`(,_ . ,hook) explog-message--hooks)
    (when (boundp hook)
      (remove-hook hook #'explog-message--turn-on)))
  (dolist (buffer (explog-message--buffers))
    (with-current-buffer buffer
      (explog-message-mode -1)))
  (explog-message--cancel)
  (remove-hook 'explog-bridge-ready-hook #'explog-message--ask-all)
  (remove-hook 'explog-cache-changed-functions #'explog-message--changed))

(provide 'explog-message)
;;; explog-message.el ends here
