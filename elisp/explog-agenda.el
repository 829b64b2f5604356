;;; explog-agenda.el --- Agenda commands for experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Agenda commands for all logs: `ci' shows the experiments in progress,
;; `ct' those to do or waiting, `ca' all, and `cd' those done.  The user may
;; define others.  `explog-agenda-view' makes the agenda.
;;
;; The commands are not added to `org-agenda-custom-commands': they would
;; be lost when the user sets that variable, and saved when the user
;; customizes it.  Instead, `org-agenda' is advised.

;;; Code:

(require 'explog-base)
(require 'explog-log)
(require 'seq)

(autoload 'explog-agenda-view "explog-agenda-view" nil t)
(autoload 'explog-report "explog-report" nil t)

(declare-function org-agenda "org-agenda" (&optional arg keys restriction))
(defvar org-agenda-custom-commands)

(defcustom explog-agenda-commands
  '(("i" "Experiments in progress" ("INPROGRESS"))
    ("t" "Experiments to do or waiting" ("TODO" "WAIT"))
    ("a" "All experiments" nil)
    ("d" "Experiments done" ("DONE")))
  "The agenda commands that `explog-mode' adds.
Each is (KEY DESCRIPTION MATCH): KEY is what follows
`explog-agenda-prefix', and MATCH says which experiments are shown: a
list of TODO keywords, nil for all experiments, or a query as for
`explog-search', for example \"state:INPROGRESS tag:vision after:2w\".
See `explog-agenda-view'."
  :type '(repeat (list (string :tag "Key") (string :tag "Description")
                       (choice (repeat :tag "TODO keywords" string)
                               (string :tag "Query"))))
  :group 'explog)

(defcustom explog-agenda-report-key nil
  "The key after `explog-agenda-prefix' for the report of this week, as \"w\".
If it is nil, there is none.  See `explog-report'."
  :type '(choice (const :tag "None" nil) (string :tag "Key"))
  :group 'explog)

;;;; Elements of Org's options
(defun explog-agenda-files ()
  "Return the logs that can be read.
Org would prompt about a file that does not exist."
  (seq-filter (lambda (file) (and (file-regular-p file) (file-readable-p file)))
              (explog-log-files)))

(defun explog-agenda--command (command)
  "Return the element of `org-agenda-custom-commands' for COMMAND.
COMMAND is an element of `explog-agenda-commands'."
  (pcase-let ((`(,key ,description ,match) command))
    (list (concat explog-agenda-prefix key) description #'explog-agenda-view
          `',match
          `((org-agenda-dim-blocked-tasks nil)
            (org-agenda-overriding-header ,description)))))

(defun explog-agenda--report-command ()
  "Return a list of the element for `explog-agenda-report-key', or nil."
  (when explog-agenda-report-key
    (list (list (concat explog-agenda-prefix explog-agenda-report-key)
                "Report of this week" #'explog-report "week"))))

;;;; The commands of `explog-mode'

(defvar explog-agenda-displayed-by nil
  "What displays an agenda that `explog-agenda-view' makes, or nil.
It is `org-agenda' where `gc-cons-threshold' is bound until the agenda is
displayed, and `explog-agenda-view' if that has raised it there.")

(defun explog-agenda-around (function &rest args)
  "Call FUNCTION, `org-agenda', with ARGS and more commands.
This is the advice of `explog-mode'.  What `explog-agenda-view' leaves to
the garbage collector is collected when the agenda can be seen."
  (require 'org-agenda)
  (let ((org-agenda-custom-commands
         (explog-or-else org-agenda-custom-commands
           (explog-agenda--all-commands)))
        (gc-cons-threshold gc-cons-threshold)
        (explog-agenda-displayed-by 'org-agenda))
    (prog1 (apply function args)
      (when (eq explog-agenda-displayed-by 'explog-agenda-view)
        (explog-agenda--display)))))

(defun explog-agenda--display ()
  "Display what was made, before anything else is done."
  (redisplay))

(defun explog-agenda--all-commands ()
  "Return `org-agenda-custom-commands' with our commands whose keys are free."
  (let* ((users org-agenda-custom-commands)
         (prefix explog-agenda-prefix)
         (ours (and prefix (append (mapcar #'explog-agenda--command explog-agenda-commands)
                                   (explog-agenda--report-command))))
         (new (seq-remove (lambda (command) (member command users)) ours))
         (taken (seq-filter (lambda (command) (assoc (car command) users)) new)))
    (cond ((null new) users)
          ((explog-agenda-prefix-taken-p prefix users)
           (explog-say-once "the agenda key %s is taken; see `explog-agenda-prefix'"
                             prefix)
           users)
          (t (when taken
               (explog-say-once "the agenda keys %s are taken; those commands are yours"
                                 (mapconcat #'car taken ", ")))
             (append users
                     (explog-agenda--prefixes prefix users)
                     (seq-difference new taken))))))

(defun explog-agenda-prefix-taken-p (prefix commands)
  "Return non-nil if PREFIX or a part of it is the key of one of COMMANDS."
  (seq-some (lambda (command)
              (and (string-prefix-p (car command) prefix)
                   (not (stringp (cdr command)))))
            commands))

(defun explog-agenda--prefixes (prefix commands)
  "Return descriptions of PREFIX and its parts for the menu.
Leave out those that COMMANDS describe."
  (seq-remove (lambda (description) (assoc (car description) commands))
              (mapcar (lambda (length) (cons (substring prefix 0 length) "Experiments"))
                      (number-sequence 1 (length prefix)))))

(provide 'explog-agenda)
;;; explog-agenda.el ends here
