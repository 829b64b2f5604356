;;; explog-edit-save.el --- Leave alone, save and tell of edited logs  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What is around an edit that the server makes in a buffer: why a buffer
;; must not be edited now, and how one that was edited is saved and told
;; of, without a question, and without a word more than needed.

;;; Code:

(require 'explog-log)
(require 'seq)
(require 'subr-x)

(defmacro explog-edit--quietly (&rest body)
  "Do BODY in such a way that whatever would ask or show something fails."
  (declare (indent 0) (debug t))
  `(let ((inhibit-interaction t)
         (use-dialog-box nil)
         (debug-on-error nil)
         (debug-on-quit nil)
         (display-buffer-overriding-action
          '(display-buffer-no-window (allow-no-window . t)))
         (deactivate-mark nil))
     ,@body))

;;;; Why a buffer is left alone

(defun explog-edit--name ()
  "Return the name of the log that this buffer visits, as messages have it."
  (file-name-nondirectory buffer-file-name))

(defun explog-edit-problem ()
  "Return why the current buffer must not be edited now, or nil."
  (let ((name (explog-edit--name))
        (owner (file-locked-p (expand-file-name buffer-file-truename))))
    (cond (buffer-read-only
           (format "the buffer %s is read-only" (buffer-name)))
          ((not (or (verify-visited-file-modtime) (explog-edit--same-on-disk-p)))
           (format (if (file-exists-p buffer-file-name)
                       "%s changed on disk; revert its buffer"
                     "%s was deleted; save its buffer to have it back")
                   name))
          ((explog-log-protected-p buffer-file-name)
           (format "%s is read-only" name))
          ((stringp owner)
           (format "%s is being edited in another Emacs (%s)" name owner)))))

(defun explog-edit--same-on-disk-p ()
  "Return non-nil if the file was written again, with the text of the buffer.
So it is after git went back and forth in the repository of a log, and
Emacs itself does not ask about it.  An unsaved buffer is not compared."
  (and (not (buffer-modified-p))
       (file-readable-p buffer-file-name)
       (let ((buffer (current-buffer))
             (file buffer-file-name)
             (coding-system-for-read buffer-file-coding-system))
         (when (with-temp-buffer
                 (insert-file-contents file)
                 (explog-edit--same-text-p buffer))
           (set-visited-file-modtime)
           t))))

(defun explog-edit--same-text-p (buffer)
  "Return non-nil if BUFFER has the text of the current buffer."
  (let ((temporary (current-buffer))
        (case-fold-search nil))
    (with-current-buffer buffer
      (save-restriction
        (widen)
        (and (= (buffer-size) (buffer-size temporary))
             (zerop (compare-buffer-substrings
                     nil nil nil temporary nil nil)))))))

;;;; Afterwards

(defvar-local explog-edit--tick nil
  "The tick of this buffer when its only unsaved changes were ours, or nil.")

(defvar explog-edit--done nil
  "What was edited and is to be saved and told of, newest first.
An alist of buffers and lists of messages.")

(defvar explog-edit--timer nil
  "The timer that runs `explog-edit-finish'.")

(defun explog-edit--finish-soon (buffer messages)
  "Save BUFFER soon, and say MESSAGES.
The edits that a rebase brings come in a row; they are saved together."
  (setf (alist-get buffer explog-edit--done)
        (append (alist-get buffer explog-edit--done) messages))
  (when explog-edit--timer
    (cancel-timer explog-edit--timer))
  (setq explog-edit--timer (run-with-timer 0.03 nil #'explog-edit-finish)))

(defun explog-edit-finish ()
  "Save what was edited, and say what was done."
  (when explog-edit--timer
    (cancel-timer explog-edit--timer))
  (let ((done (nreverse explog-edit--done)))
    (setq explog-edit--timer nil
          explog-edit--done nil)
    (pcase-dolist (`(,buffer . ,messages) done)
      (when (buffer-live-p buffer)
        (explog-edit--report messages (with-current-buffer buffer
                                        (explog-edit--save)))))))

(defun explog-edit--save ()
  "Save the current buffer, unless not all that is new there is ours.
Return nil, or why it is not saved."
  (cond ((not (buffer-modified-p)) nil)
        ((not (eql explog-edit--tick (buffer-chars-modified-tick)))
         "not saved, as the buffer has other changes")
        (t (let ((why (or (explog-edit-problem)
                          (condition-case err (explog-edit--write)
                            (inhibited-interaction "that would ask something")
                            ((error quit) (error-message-string err))))))
             (and (buffer-modified-p)
                  (format "not saved: %s" why))))))

(defun explog-edit--write ()
  "Save the current buffer without asking anything."
  (explog-edit--quietly
    (let ((save-silently t)
          (require-final-newline nil))
      (basic-save-buffer)
      nil)))

(defun explog-edit--report (messages caveat)
  "Show the first of MESSAGES, with CAVEAT behind them unless that is nil."
  (let ((more (- (length messages) 3)))
    (explog-edit--show
     (format "explog: %s%s%s"
             (string-join (seq-take messages 3) ", ")
             (if (> more 0) (format " and %d more" more) "")
             (if caveat (format " (%s)" caveat) "")))))

(defun explog-edit-tell (message)
  "Show MESSAGE from the server."
  (explog-edit--show (format "explog: %s" message))
  t)

(defvar explog-edit--shown nil
  "The message that was shown last.")

(defun explog-edit--show (text)
  "Show TEXT as a message, once more if a message of magit covers it at once."
  (message "%s" text)
  (setq explog-edit--shown text)
  (unless noninteractive
    (run-with-timer 0.3 nil #'explog-edit--show-again
                    text num-nonmacro-input-events)))

(defun explog-edit--show-again (text events)
  "Show TEXT again if another message is there, and no input since EVENTS."
  (unless (or (not (eq text explog-edit--shown))
              (member (current-message) (list nil text))
              (/= events num-nonmacro-input-events)
              this-command
              (active-minibuffer-window))
    (let ((message-log-max nil))
      (message "%s" text))))

(provide 'explog-edit-save)
;;; explog-edit-save.el ends here
