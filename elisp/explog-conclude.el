;;; explog-conclude.el --- Conclude an experiment  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-conclude' writes what came out of an experiment under its
;; heading "Conclusions", and sets the state.  It does the latter as the
;; user would, by `org-todo': what the user has org log then, ask for or
;; run is logged, asked for and run.  The headings beneath the experiment
;; are entries with a state of their own: "Conclusions" is done with that,
;; and so is "Experiments" unless a step is open.

;;; Code:

(require 'explog-base)
(require 'explog-steps)
(require 'explog-write)
(require 'org)
(require 'seq)
(require 'subr-x)


;;;###autoload
(defun explog-conclude ()
  "Write what came out of an experiment, and set its state.
That is asked for; without an answer you write it where it stands, if
you are in the log, and elsewhere in a buffer of its own.  The state is
one of those for what is done, DONE where there is no other; org logs it
as it always does.  Steps that are still open are named.

Which experiment it is, is found as by `explog-note'."
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
  "Ask what came out of experiment ID."
  (string-trim
   (read-string (format "What came out of %s? (empty: write it at length) " id))))

(defun explog-conclude--read-state (buffer id)
  "Ask for the state of experiment ID in BUFFER, if there is a choice.
Return nil if it has a state already that means that it is done."
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
Return nil if its conclusions cannot be seen here."
  (let (said)
    (when (explog-write-typing id
                               (lambda () (explog-conclude--put text))
                               (lambda () (setq said (explog-conclude--set id state))))
      (message "explog: %s" said)
      t)))

(defun explog-conclude--away (buffer id text state)
  "Conclude experiment ID in BUFFER with TEXT and STATE.
Return what is still to be done if org wants a note, a function."
  (let ((modified (buffer-modified-p buffer)))
    (explog-write-away buffer id
                       (lambda ()
                         (save-excursion (explog-conclude--put text))
                         (explog-conclude--set id state)))
    (when org-log-setup
      (apply-partially #'explog-conclude--ask-note
                       (and (not modified) (explog-write-base buffer))))))

(defun explog-conclude--draft (buffer id state new)
  "Begin a draft of what came out of experiment ID, whose log is in BUFFER.
STATE is what it gets then.  If BUFFER is NEW, forget it with the draft."
  (let ((file (buffer-file-name (explog-write-base buffer))))
    (explog-draft-begin
     (format "conclusion of e%s" id) ""
     (lambda (text)
       (explog-conclude--away (find-file-noselect file) id text state))
     (when new
       (apply-partially #'explog-write-forget buffer)))))

(defun explog-conclude--put (text)
  "Put TEXT at the end of the conclusions, and return its end.
The heading of the experiment is at point."
  (explog-write-put-note
   (or (explog-write-child #'explog-write-conclusions-p)
       (explog-write-make-section (concat (explog-write-keyword) "Conclusions") nil))
   text))

;;;; States

(defun explog-conclude--set (id state)
  "Give the experiment at point STATE, unless that is nil, and say so.
Its children get one as well.  ID is that of the experiment."
  (let ((open (explog-conclude--open-steps))
        (heading (point-marker)))
    (dolist (child (explog-conclude--children open))
      (goto-char child)
      (unless (org-entry-is-done-p)
        ;; One note is enough to be asked for.
        (let ((org-inhibit-logging (or org-inhibit-logging 'note))
              (org-log-done (and org-log-done 'time)))
          (explog-conclude--todo 'done))))
    (goto-char heading)
    (when state
      (explog-conclude--todo state))
    (goto-char heading)
    (let ((now (org-get-todo-state)))
      (format "%s is %s%s%s" id now
              ;; A dependency keeps it from being done, or a hook changed it.
              (if (member state (list nil now)) "" ", as org has it")
              (if open (concat "; still open: " (string-join open ", ")) "")))))

(defun explog-conclude--todo (state)
  "Set the STATE of the heading at point, and log what needs no note.
Org logs when a command has ended, and only for the last heading."
  (let ((org-loop-over-headlines-in-active-region nil))
    (org-todo state))
  (when (and org-log-setup (memq org-log-note-how '(time state)))
    (save-window-excursion
      (save-excursion
        (org-add-log-note)))))

(defun explog-conclude--children (open)
  "Return markers of the child headings to be set as done.
With OPEN non-nil, the heading above the list is left out."
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
  "Return what is still to be done for the experiment at point.
That is a list of strings like \"1 Test it\", without the hash behind it."
  (delq nil
        (mapcar (pcase-lambda (`(,number ,start ,_ ,box))
                  (and (member box '("[ ]" "[-]"))
                       (concat number " " (explog-steps-bare-text start))))
                (explog-steps))))

;;;; A note that org asks for

(defun explog-conclude--ask-note (buffer)
  "Have org ask for the note that it wants, and save BUFFER with it.
BUFFER is nil if it is not to be saved.  Left to itself, org would ask
amid what magit does after each command, and break that."
  (let ((org-log-buffer-setup-hook
         (append org-log-buffer-setup-hook
                 (and buffer
                      (list (apply-partially #'explog-conclude--save-later buffer))))))
    (org-add-log-note)))

(defun explog-conclude--save-later (buffer)
  "Save BUFFER when the current one, with a note for it, is gone."
  (add-hook 'kill-buffer-hook
            (lambda () (run-with-timer 0 nil #'explog-conclude--save buffer))
            nil t))

(defun explog-conclude--save (buffer)
  "Save BUFFER, if it is still there."
  (when (buffer-live-p buffer)
    (explog-write-save buffer)))

(provide 'explog-conclude)
;;; explog-conclude.el ends here
