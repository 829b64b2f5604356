;;; explog-conclude.el --- Conclude an experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-conclude' writes the conclusion of an experiment under its
;; heading "Conclusions", and sets the TODO state with `org-todo'.  So Org
;; logs the change, asks for notes and runs hooks as the user has set it
;; up.  The headings beneath the experiment have states of their own:
;; "Conclusions" becomes done, and so does "Experiments" unless a step is
;; open.

;;; Code:

(require 'explog-base)
(require 'explog-steps)
(require 'explog-write)
(require 'org)
(require 'seq)
(require 'subr-x)


;;;###autoload
(defun explog-conclude ()
  "Write the conclusion of an experiment, and set its TODO state.
Ask for the conclusion.  If the answer is empty, you write it in place in
a log, and elsewhere in a buffer of its own.  The state is one of the
done states; if there is only one, it is not asked for.  Org logs the
change as usual.  A message names the steps that are still open.

The experiment is found as by `explog-note'."
  (interactive)
  (pcase-let* ((id (car (explog-write-about "Conclude")))
               (`(,buffer . ,new) (explog-write-visit id))
               (state (explog-conclude--read-state buffer id))
               (text (explog-conclude--read-text id)))
    (cond ((and (eq buffer (current-buffer))
                (explog-conclude--here id text state)))
          ((string-empty-p text)
           (explog-conclude--draft buffer id state new))
          (t (when-let ((then (explog-conclude--away buffer id text state)))
               (funcall then))))))

(defun explog-conclude--read-text (id)
  "Ask for the conclusion of experiment ID."
  (string-trim
   (read-string (format "Conclusion of %s (empty: write it in a buffer): " id))))

(defun explog-conclude--read-state (buffer id)
  "Ask for the new state of experiment ID in BUFFER, if there is a choice.
Return nil if the experiment is done already."
  (with-current-buffer buffer
    (unless (explog-write-at buffer id #'org-entry-is-done-p)
      (let ((default (car (or (member "DONE" org-done-keywords)
                              org-done-keywords))))
        (if (cdr org-done-keywords)
            (completing-read (format-prompt "State of %s" default id)
                             org-done-keywords nil t nil nil default)
          default)))))

;;;; Writing

(defun explog-conclude--here (id text state)
  "Conclude experiment ID in this buffer with TEXT and STATE.
Return nil if its conclusions are outside of the narrowed buffer."
  (let (said)
    (when (explog-write-typing id
                               (lambda () (explog-conclude--put text))
                               (lambda () (setq said (explog-conclude--set id state))))
      (message "explog: %s" said)
      t)))

(defun explog-conclude--away (buffer id text state)
  "Conclude experiment ID in BUFFER with TEXT and STATE.
If Org wants a note, return a function that asks for it."
  (let ((modified (buffer-modified-p buffer)))
    (explog-write-away buffer id
                       (lambda ()
                         (save-excursion (explog-conclude--put text))
                         (explog-conclude--set id state)))
    (when org-log-setup
      (apply-partially #'explog-conclude--ask-note
                       (and (not modified) (explog-write-base buffer))))))

(defun explog-conclude--draft (buffer id state new)
  "Begin a draft of the conclusion of experiment ID, whose log is in BUFFER.
When the draft is finished, set STATE.  If BUFFER is NEW, kill it when
the draft is discarded."
  (let ((file (buffer-file-name (explog-write-base buffer))))
    (explog-draft-begin
     (format "conclusion of e%s" id) ""
     (lambda (text)
       (explog-conclude--away (find-file-noselect file) id text state))
     (when new
       (apply-partially #'explog-write-forget buffer)))))

(defun explog-conclude--put (text)
  "Insert TEXT at the end of the conclusions, and return its end.
The heading of the experiment is at point."
  (explog-write-put-note
   (or (explog-write-child #'explog-write-conclusions-p)
       (explog-write-make-section (concat (explog-write-keyword) "Conclusions") nil))
   text))

;;;; States

(defun explog-conclude--set (id state)
  "Set the STATE of experiment ID at point, and of its child headings.
If STATE is nil, set only the latter.  Return a message."
  (let ((open (explog-conclude--open-steps))
        (heading (point-marker)))
    (dolist (child (explog-conclude--children open))
      (goto-char child)
      (unless (org-entry-is-done-p)
        ;; One note is enough to be asked for.
        (let ((org-inhibit-logging (or org-inhibit-logging 'note))
              (org-log-done (and org-log-done 'time)))
          (explog-write-todo 'done))))
    (goto-char heading)
    (when state
      (explog-write-todo state))
    (goto-char heading)
    (let ((now (org-get-todo-state)))
      (format "%s is %s%s%s" id now
              ;; A dependency keeps it from being done, or a hook changed it.
              (if (member state (list nil now)) "" ", as org has it")
              (if open (concat "; still open: " (string-join open ", ")) "")))))

(defun explog-conclude--children (open)
  "Return markers of the child headings that become done.
With OPEN non-nil, leave out the heading of the steps."
  (mapcar #'copy-marker
          (delq nil
                (list (explog-write-child
                       (lambda () (and (org-get-todo-state)
                                       (explog-write-conclusions-p))))
                      (and (null open)
                           (seq-find (lambda (child)
                                       (save-excursion
                                         (goto-char child)
                                         (and (org-get-todo-state)
                                              (explog-steps-named-p child))))
                                     (explog-steps-children)))))))

(defun explog-conclude--open-steps ()
  "Return each open step of the experiment at point.
They are strings like \"1 Test it\", without hashes."
  (delq nil
        (mapcar (pcase-lambda (`(,number ,start ,_ ,box))
                  (and (member box '("[ ]" "[-]"))
                       (concat number " " (explog-steps-bare-text start))))
                (explog-steps))))

;;;; A note that org asks for

(defun explog-conclude--ask-note (buffer)
  "Let Org ask for a note now, and save BUFFER when it is written.
BUFFER is nil if it is not to be saved.  Left to itself, Org would ask
during what magit does after each command, and disturb that."
  (let ((org-log-buffer-setup-hook
         (append org-log-buffer-setup-hook
                 (and buffer
                      (list (apply-partially #'explog-conclude--save-later buffer))))))
    (org-add-log-note)))

(defun explog-conclude--save-later (buffer)
  "Save BUFFER when the current buffer, with a note for it, is killed."
  (add-hook 'kill-buffer-hook
            (lambda ()
              (run-with-timer 0 nil (lambda ()
                                      (when (buffer-live-p buffer)
                                        (explog-write-save buffer)))))
            nil t))

(provide 'explog-conclude)
;;; explog-conclude.el ends here
