;;; explog-agenda.el --- Agenda commands for experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Agenda commands over the logs: `ci' experiments in progress, `ct' those
;; to do or waiting, `ca' all of them, `cd' those done.  They use org's own
;; matcher, so that everything an agenda buffer can do works in them.
;;
;; They are not put into `org-agenda-custom-commands', where they would
;; be lost when the user sets that, and saved when the user customizes
;; it.  `org-agenda' is advised to see them there.

;;; Code:

(require 'explog)
(require 'explog-heading)
(require 'explog-log)
(require 'seq)

(declare-function org-agenda "org-agenda" (&optional arg keys restriction))
(declare-function org-entry-end-position "org" ())
(defvar org-agenda-custom-commands)

(defcustom explog-agenda-commands
  '(("i" "Experiments in progress" ("INPROGRESS"))
    ("t" "Experiments to do or waiting" ("TODO" "WAIT"))
    ("a" "All experiments" nil)
    ("d" "Experiments done" ("DONE")))
  "The agenda commands that `explog-mode' adds.
Each is (KEY DESCRIPTION KEYWORDS): KEY is what follows
`explog-agenda-prefix', and KEYWORDS are the TODO keywords of the
experiments to show, nil for all experiments."
  :type '(repeat (list (string :tag "Key") (string :tag "Description")
                       (repeat :tag "TODO keywords" string)))
  :group 'explog)

;;;; What an agenda command needs

(defun explog-agenda-files ()
  "Return the logs that can be read.
Org asks what to do about a file that is not there."
  (seq-filter (lambda (file) (and (file-regular-p file) (file-readable-p file)))
              (explog-log-files)))

(defun explog-agenda-skip ()
  "Return nil at an experiment, and elsewhere where org is to go on.
For `org-agenda-skip-function'."
  (unless (save-excursion
            (beginning-of-line)
            (explog-heading-experiment-id))
    (org-entry-end-position)))

(defun explog-agenda--match (keywords)
  "Return the match string for experiments with one of KEYWORDS, nil for all."
  (if keywords
      (mapconcat (lambda (keyword) (format "TODO=\"%s\"" keyword)) keywords "|")
    "LEVEL>0"))

(defun explog-agenda--command (command)
  "Return the element of `org-agenda-custom-commands' for COMMAND.
COMMAND is an element of `explog-agenda-commands'."
  (pcase-let ((`(,key ,description ,keywords) command))
    (list (concat explog-agenda-prefix key) description 'tags
          (explog-agenda--match keywords)
          `((org-agenda-files (explog-agenda-files))
            (org-agenda-skip-function #'explog-agenda-skip)
            ;; An experiment may be beneath another.
            (org-tags-match-list-sublevels (or org-tags-match-list-sublevels t))
            (org-agenda-dim-blocked-tasks nil)
            (org-agenda-overriding-header ,description)))))

;;;; The commands of `explog-mode'

(defun explog-agenda-around (function &rest args)
  "Call FUNCTION, `org-agenda', with ARGS and more commands.
This is the advice of `explog-mode'."
  (require 'org-agenda)
  (let ((org-agenda-custom-commands (explog-agenda--all-commands)))
    (apply function args)))

(defun explog-agenda--all-commands ()
  "Return `org-agenda-custom-commands' with those of ours whose keys are free."
  (let* ((users org-agenda-custom-commands)
         (prefix explog-agenda-prefix)
         (ours (and prefix (mapcar #'explog-agenda--command explog-agenda-commands)))
         (new (seq-remove (lambda (command) (member command users)) ours))
         (taken (seq-filter (lambda (command) (assoc (car command) users)) new)))
    (cond ((null new) users)
          ((explog-agenda--prefix-taken-p prefix users)
           (explog--say-once "the agenda key %s is taken; see `explog-agenda-prefix'"
                             prefix)
           users)
          (t (when taken
               (explog--say-once "the agenda keys %s are taken; those commands are yours"
                                 (mapconcat #'car taken ", ")))
             (append users
                     (explog-agenda--prefixes prefix users)
                     (seq-difference new taken))))))

(defun explog-agenda--prefix-taken-p (prefix commands)
  "Return non-nil if PREFIX, or what it begins with, is one of COMMANDS."
  (seq-some (lambda (command)
              (and (string-prefix-p (car command) prefix)
                   (not (stringp (cdr command)))))
            commands))

(defun explog-agenda--prefixes (prefix commands)
  "Return descriptions of PREFIX, and what it begins with, for the menu.
Those that COMMANDS describe are left out."
  (seq-remove (lambda (description) (assoc (car description) commands))
              (mapcar (lambda (length) (cons (substring prefix 0 length) "Experiments"))
                      (number-sequence 1 (length prefix)))))

(provide 'explog-agenda)
;;; explog-agenda.el ends here
