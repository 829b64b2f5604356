;;; explog-message-last.el --- Refer to what was worked on last  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-message-insert-last' puts a reference in front of the subject of
;; a commit message: to what the last commit here was for, and at each
;; further key to the next likely step.  What it needs is asked for when
;; the buffer of the message is made.

;;; Code:

(require 'explog)
(require 'explog-bridge)
(require 'explog-cache)
(require 'explog-message)
(require 'explog-message-complete)
(require 'explog-ref)
(require 'seq)
(require 'subr-x)

;;;; What is asked for beforehand

(defconst explog-message-last--most 30
  "Of how many experiments the steps are asked for beforehand.")

(defvar-local explog-message-last--recent 'unknown
  "What was committed last in this repository, the newest first.
It is a list of (ID . STEP), or the symbol `unknown' until it has come.")

(defun explog-message-last-ask ()
  "Ask for what this buffer needs, in the background."
  (explog-message-last-ask-steps)
  (when-let ((folder (and (explog-bridge-ready-p) (explog-message-last--folder))))
    (let ((buffer (current-buffer)))
      (explog-bridge-call
       "recent" (list folder)
       :success (lambda (rows)
                  (when (buffer-live-p buffer)
                    (with-current-buffer buffer
                      (explog-message-last--keep-recent rows))))
       :error #'ignore))))              ; whoever needs it asks again

(defun explog-message-last-forget ()
  "Forget what was asked for this buffer."
  (kill-local-variable 'explog-message-last--recent))

(defun explog-message-last--folder ()
  "Return the folder on this machine in which the commit is made, or nil."
  (let ((folder (if buffer-file-name
                    (file-name-directory buffer-file-name)
                  default-directory)))
    (and (not (file-remote-p folder))
         (expand-file-name folder))))

(defun explog-message-last--keep-recent (rows)
  "Keep ROWS, the answer to what was committed last."
  (setq explog-message-last--recent
        (mapcar (pcase-lambda (`[,id ,step])
                  (explog-cache-get id) ; so that it is there when it is needed
                  (cons id (unless (string-empty-p step) step)))
                rows)))

(defun explog-message-last-ask-steps ()
  "Have what is to be done in the likeliest experiments be asked for."
  (dolist (summary (seq-take (explog-message-complete-sorted) explog-message-last--most))
    (explog-cache-get (plist-get summary :id))))

(defun explog-message-last--in-progress ()
  "Return the summaries of experiments in progress, the last touched first."
  (seq-take-while #'explog-message-complete-in-progress-p
                  (explog-message-complete-sorted)))

;;;; The step worked on last

(defvar explog-message-last--patience 2
  "Seconds that a command waits for what was committed last.")

(defun explog-message-insert-last (&optional ask)
  "Put a reference to what was worked on last in front of the subject.
That is what the newest commit in this repository refers to.  Where it
stands there already, put the next likely one in its place: the next
open step, what was committed before, and the first open steps of the
experiments in progress.

With a prefix argument ASK, ask for an experiment and step, and insert
a reference to it at point."
  (interactive "*P")
  (if ask
      (insert (format "[e%s]" (explog-cache-read-reference "Refer to experiment: ")))
    (let* ((likely (explog-message-last--likely))
           (start (explog-message-last--subject))
           (here (explog-message-last--leading start))
           (known (member (car here) likely))
           (next (or (cadr known) (car likely))))
      (explog-message-last--put start (and known (cdr here)) next)
      (explog-message-last--say next likely))))

(defun explog-message-last--likely ()
  "Return what a commit made now may be for, the likeliest first.
That is a list of (ID . STEP) without those that no log has."
  (let* ((recent (explog-message-last--recent))
         (open (mapcar (lambda (summary)
                         (explog-message-last--first-open (plist-get summary :id)))
                       (seq-take (explog-message-last--in-progress) explog-message-last--most)))
         (last (car recent)))
    (or (seq-remove (lambda (reference) (eq 'unknown (explog-cache-get (car reference))))
                    (delete-dups
                     (append (and last (cons last (explog-message-last--next (car last))))
                             (cdr recent)
                             open)))
        (user-error "%s" (explog-message-last--nothing)))))

(defun explog-message-last--recent ()
  "Return what was committed last; wait for it, but not long."
  (when (eq explog-message-last--recent 'unknown)
    (let ((folder (and (explog-bridge-ready-p) (explog-message-last--folder))))
      (when folder
        (ignore-error explog-error
          (explog-message-last--keep-recent
           (explog-bridge-call-sync "recent" (list folder)
                                    :timeout explog-message-last--patience))))))
  (if (listp explog-message-last--recent) explog-message-last--recent nil))

(defun explog-message-last--next (id)
  "Return a list of what comes next in experiment ID: nothing if it is done."
  (let ((known (explog-cache-get id)))
    (unless (and (listp known) (plist-get known :done))
      (list (explog-message-last--first-open id)))))

(defun explog-message-last--first-open (id)
  "Return (ID . STEP) of the first open step of experiment ID, as far as known."
  (cons id (plist-get (car (explog-message-complete-open-steps id)) :number)))

(defun explog-message-last--nothing ()
  "Return why there is nothing to refer to."
  (cond ((explog-bridge-ready-p)
         "No experiment is in progress, and no commit in this repository has a reference")
        ((explog-bridge-last-problem)
         "The explog server does not run; see M-x explog-doctor")
        (t "The explog server is not ready yet")))

(defun explog-message-last--subject ()
  "Return where the subject of the message begins."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char (point-min))
      (unless (re-search-forward "\\`\\(?:[[:alpha:]-]+:.*\n\\)*?Summary:[ \t]*" nil t)
        (skip-chars-forward " \t\n")
        (when (or (eobp) (explog-message-comment-p))
          (goto-char (point-min))))
      (when (looking-at-p "\\(?:fixup\\|squash\\|amend\\)! ")
        (user-error "This commit goes into another, and has no reference of its own"))
      (point))))

(defun explog-message-last--leading (start)
  "Return (REFERENCE . END) for the reference at START, or nil if there is none."
  (save-excursion
    (save-restriction
      (widen)
      (goto-char start)
      (when (looking-at "\\[e[^] \t\n]*]")
        (let ((end (match-end 0)))
          (when-let ((reference (explog-ref-parse (match-string-no-properties 0))))
            (cons reference end)))))))

(defun explog-message-last--put (start end reference)
  "Put REFERENCE, (ID . STEP), where the subject begins, at START.
END is the end of a reference there that is to be replaced, or nil."
  (let ((text (format "[%s]" (explog-ref-string (car reference) (cdr reference))))
        (there (<= (point) (or end start)))
        after)
    (save-restriction
      (widen)
      (save-excursion
        (goto-char start)
        (when end
          (delete-region start end))
        (insert text)
        (if (eq (char-after) ?\s)
            (forward-char)
          (insert " "))
        (setq after (point)))
      (when there
        (goto-char after)))))

(defun explog-message-last--say (reference likely)
  "Say what REFERENCE is, and whether there are others in LIKELY."
  (let ((text (explog-ref-describe (car reference) (cdr reference))))
    (message "%s%s%s"
             (explog-ref-string (car reference) (cdr reference))
             (if text (concat " " text) "")
             (if (cdr likely)
                 (substitute-command-keys
                  " (\\<explog-message-mode-map>\\[explog-message-insert-last] for another)")
               ""))))

(provide 'explog-message-last)
;;; explog-message-last.el ends here
