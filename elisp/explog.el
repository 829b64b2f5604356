;;; explog.el --- An experiment log that stays true to git  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; Author: The explog contributors
;; Maintainer: The explog contributors
;; Version: 0.1.0
;; Keywords: outlines, vc, tools
;; URL: https://github.com/explog/explog
;; Package-Requires: ((emacs "28.1"))
;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;; This program is free software; you can redistribute it and/or modify
;; it under the terms of the GNU General Public License as published by
;; the Free Software Foundation, either version 3 of the License, or
;; (at your option) any later version.

;; This program is distributed in the hope that it will be useful,
;; but WITHOUT ANY WARRANTY; without even the implied warranty of
;; MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
;; GNU General Public License for more details.

;; You should have received a copy of the GNU General Public License
;; along with this program.  If not, see <https://www.gnu.org/licenses/>.

;;; Commentary:

;; You write what you mean to try as numbered steps of an org entry, and
;; commit with `[e201.1]' in the subject.  The commit's hash then stands
;; on step 1, its box ticked and the cookies right, and it stays right
;; when history is rewritten.
;;
;;     (setq explog-logs '("~/research/experiment_log.org")
;;           explog-repositories '(("~/research" . 1)))
;;     (explog-mode 1)
;;
;; `explog-capture' writes a new experiment, C-c a ci lists those in
;; progress (if C-c a is your key for `org-agenda'), and `explog-search'
;; searches all logs and commits as you type.  What this takes is a
;; program in Python, the server, that reads logs and repositories and
;; decides which hash goes where; it runs in the background as long as
;; `explog-mode' is on.

;;; Code:

(declare-function explog-agenda-around "explog-agenda" (function &rest args))
(declare-function explog-bridge-call "explog-bridge" (method args &rest keys))
(declare-function explog-bridge-ready-p "explog-bridge" ())
(declare-function explog-bridge-start "explog-bridge" ())
(declare-function explog-bridge-stop "explog-bridge" ())
(declare-function explog-capture-around "explog-capture" (function &rest args))
(declare-function explog-commit-install "explog-commit" ())
(declare-function explog-commit-uninstall "explog-commit" ())
(declare-function explog-edit-define-methods "explog-edit" ())
(declare-function explog-edit-finish "explog-edit" ())
(declare-function widget-apply "wid-edit" (widget property &rest args))
(declare-function widget-convert "wid-edit" (type &rest args))
(defvar explog-bridge-ready-hook)
(defvar org-todo-keywords)

(autoload 'explog-agenda-around "explog-agenda")
(autoload 'explog-bridge-call "explog-bridge")
(autoload 'explog-bridge-ready-p "explog-bridge")
(autoload 'explog-bridge-start "explog-bridge")
(autoload 'explog-bridge-stop "explog-bridge")
(autoload 'explog-capture "explog-capture" nil t)
(autoload 'explog-capture-around "explog-capture")
(autoload 'explog-commit-install "explog-commit")
(autoload 'explog-commit-uninstall "explog-commit")
(autoload 'explog-edit-define-methods "explog-edit")
(autoload 'explog-doctor "explog-doctor" nil t)
(autoload 'explog-install-server "explog-install" nil t)
(autoload 'explog-restart "explog-bridge" nil t)
(autoload 'explog-search "explog-search" nil t)

(defconst explog-version "0.1.0"
  "The version of explog; that of the server has to be the same.")

;;;; Customization

(defgroup explog nil
  "An experiment log that stays true to git."
  :group 'org
  :group 'vc
  :prefix "explog-"
  :link '(url-link :tag "Website" "https://github.com/explog/explog"))

;; Those that name files or what the server does are global: a log must
;; not be able to say which other files are written.

(defcustom explog-logs nil
  "The experiment logs: files, wildcards, or folders of org files.
Relative names begin in the home folder.  Files on other machines are
not looked at."
  :type '(repeat file)
  :risky t)

(defcustom explog-repositories nil
  "Where the repositories are whose commits are looked at.
Each element is (DIRECTORY . DEPTH), as in the option
`magit-repository-directories': DEPTH 0 is the directory itself, 1 the
directories in it, and so on.  A directory by itself means depth 0."
  :type '(repeat (choice directory (cons directory (natnum :tag "Depth"))))
  :risky t)

(defcustom explog-projects nil
  "Which repositories belong to which log, where two logs have the same id.
Each element is (LOG REPOSITORY...).  A log inside a repository belongs
to it without being named here."
  :type '(alist :key-type file :value-type (repeat directory))
  :risky t)

(defcustom explog-tag "exp"
  "The tag of a heading that is an experiment.
Tags that begin with it and an underscore, as `exp_vision', count too."
  :type 'string
  :risky t)

(defcustom explog-steps-heading "Experiments"
  "The title of the heading beneath an experiment that has its steps.
Where there is none, the first heading with a numbered list of
checkboxes has them."
  :type 'string
  :risky t)

(defcustom explog-results-regexp "Results\\b"
  "What follows the reference in the subject of a commit with results.
This is a regular expression of Python.  Such a commit ticks its step,
and its hash stands there rather than that of a later commit without."
  :type 'string
  :risky t)

(defcustom explog-tick 'results
  "Which commits tick the box of their step."
  :type '(choice (const :tag "Those with results" results)
                 (const :tag "All" always)
                 (const :tag "None" never))
  :risky t)

(defcustom explog-capture-key "e"
  "The key of the capture template that `explog-mode' adds; nil for none."
  :type '(choice string (const :tag "None" nil)))

(defcustom explog-agenda-prefix "c"
  "The prefix key of the agenda commands that `explog-mode' adds; nil for none."
  :type '(choice string (const :tag "None" nil)))

(defconst explog--server-options
  '(explog-logs explog-repositories explog-projects explog-tag
    explog-steps-heading explog-results-regexp explog-tick)
  "The options that the server is told of.")

;;;; What the server is told

(defvar explog--since nil
  "When `explog-mode' was turned on, in seconds since 1970; nil if it is off.")

(defvar explog--configure-timer nil
  "The timer that tells the server of a changed option.")

(defvar explog--said nil
  "What `explog--say-once' has said since `explog-mode' was turned on.")

(defun explog--settings ()
  "Return what the server is told, in the form that `json-serialize' takes."
  (with-temp-buffer            ; which has no values of its own for options
    (setq default-directory (expand-file-name "~/"))
    `((logs . ,(vconcat (mapcar #'expand-file-name
                                (explog--local explog-logs))))
      (repositories . ,(vconcat (delq nil (mapcar #'explog--root
                                                  explog-repositories))))
      (projects . ,(delq nil (mapcar #'explog--project explog-projects)))
      (tag . ,explog-tag)
      (steps_heading . ,explog-steps-heading)
      (results . ,explog-results-regexp)
      (tick . ,(symbol-name explog-tick))
      ,@(explog--todo-keywords)
      (since . ,explog--since))))

(defun explog--local-p (name)
  "Return non-nil if NAME is one of a file on this machine.
On others nothing is ever looked at, as that could wait for a network
or ask for a password."
  (and (stringp name) (not (file-remote-p name))))

(defun explog--local (names)
  "Return those of NAMES that are of files on this machine."
  (delq nil (mapcar (lambda (name) (and (explog--local-p name) name)) names)))

(defun explog--root (root)
  "Return ROOT, of `explog-repositories', as the server wants it, or nil."
  (pcase-let ((`(,directory . ,depth) (if (consp root) root (cons root 0))))
    (when (explog--local-p directory)
      `((path . ,(directory-file-name (expand-file-name directory)))
        (depth . ,depth)))))

(defun explog--project (project)
  "Return PROJECT, of `explog-projects', as the server wants it, or nil."
  (when (explog--local-p (car project))
    (cons (intern (expand-file-name (car project)))
          (vconcat (mapcar (lambda (directory)
                             (directory-file-name (expand-file-name directory)))
                           (explog--local (cdr project)))))))

(defun explog--todo-keywords ()
  "Return the user's TODO keywords as the server wants them, or nil.
They hold in logs without a line `#+TODO:'."
  (let (open done)
    (dolist (sequence (and (boundp 'org-todo-keywords)
                           (proper-list-p org-todo-keywords)
                           org-todo-keywords))
      (when (and (proper-list-p sequence)
                 (not (delq nil (mapcar (lambda (word) (not (stringp word)))
                                        (cdr sequence)))))
        (let* ((words (mapcar (lambda (word)
                                (replace-regexp-in-string "(.*)\\'" "" word))
                              (cdr sequence)))
               (behind (if (member "|" words) (cdr (member "|" words)) (last words))))
          (setq open (append open (remove "|" (butlast words (length behind))))
                done (append done (remove "|" behind))))))
    (when (or open done)
      `((todo_open . ,(vconcat open)) (todo_done . ,(vconcat done))))))

(defun explog--bad-option ()
  "Return an option for the server whose value is not of its type, or nil."
  (require 'wid-edit)
  (let ((options explog--server-options))
    (while (and options
                (widget-apply (widget-convert (get (car options) 'custom-type))
                              :match (default-value (car options))))
      (setq options (cdr options)))
    (car options)))

(defun explog--configure ()
  "Tell the server of the options, if it is ready."
  (when (explog-bridge-ready-p)
    (if-let ((option (explog--bad-option)))
        (explog--complain option)
      (explog-bridge-call
       "configure" (list (decode-coding-string
                          (json-serialize (explog--settings)) 'utf-8))
       :error (lambda (problem)
                (message "explog: %s" (plist-get problem :message)))))))

(defun explog--complain (option)
  "Tell the user that OPTION is wrong."
  (message "explog: the value of `%s' is wrong, %S (see M-x customize-option)"
           option (default-value option)))

(defun explog--option-changed (_symbol _value operation where)
  "Tell the server soon of an option that was changed by OPERATION.
Do nothing if it was changed WHERE only one buffer sees it."
  (when (and (memq operation '(set makunbound)) (not where))
    (when explog--configure-timer
      (cancel-timer explog--configure-timer))
    (setq explog--configure-timer
          (run-with-timer 0.1 nil #'explog--start))))

(defun explog--say-once (format &rest args)
  "Show the message FORMAT with ARGS, if it was not yet said.
Leave some time to read it, as what follows may ask for a key."
  (let ((text (apply #'format-message format args)))
    (unless (member text explog--said)
      (push text explog--said)
      (message "explog: %s" text)
      (unless noninteractive
        (sit-for 2)))))

;;;; The mode

;;;###autoload
(define-minor-mode explog-mode
  "Keep experiment logs true to git.
This adds a capture template and agenda commands, and runs a server in
the background that puts the hashes of commits behind the steps that
they complete.  Turned off, it takes back all that it added."
  :global t
  :group 'explog
  (if explog-mode
      (explog--turn-on)
    (explog--turn-off)))

(defconst explog--watched (cons 'org-todo-keywords explog--server-options)
  "The variables whose change the server is told of.")

(defconst explog--advice
  '((org-capture . explog-capture-around)
    (org-agenda . explog-agenda-around))
  "Alist of functions and what is put around them.
Unlike the variables of org in which the user's own templates and
commands are, that can be had without loading org.")

(defun explog--turn-on ()
  "Set up `explog-mode', unless it was on already."
  (unless explog--since
    (setq explog--since (float-time))
    (pcase-dolist (`(,function . ,advice) explog--advice)
      (advice-add function :around advice))
    (explog-commit-install)
    (add-hook 'explog-bridge-ready-hook #'explog--configure)
    (dolist (variable explog--watched)
      (add-variable-watcher variable #'explog--option-changed))
    (if after-init-time
        (explog--start)
      (add-hook 'emacs-startup-hook #'explog--start))))

(defun explog--turn-off ()
  "Take back what `explog-mode' added."
  (pcase-dolist (`(,function . ,advice) explog--advice)
    (advice-remove function advice))
  (explog-commit-uninstall)
  (remove-hook 'explog-bridge-ready-hook #'explog--configure)
  (remove-hook 'emacs-startup-hook #'explog--start)
  (dolist (variable explog--watched)
    (remove-variable-watcher variable #'explog--option-changed))
  (when explog--configure-timer
    (cancel-timer explog--configure-timer))
  (setq explog--configure-timer nil
        explog--since nil
        explog--said nil)
  (when (featurep 'explog-edit)
    (explog-edit-finish))
  (when (featurep 'explog-bridge)
    (explog-bridge-stop)))

(defun explog--start ()
  "Have a server that knows the options, if there is anything to serve."
  (setq explog--configure-timer nil)
  (when explog-mode
    (let ((bad (explog--bad-option)))
      (cond (bad (explog--complain bad))
            ((not (or (default-value 'explog-logs)
                      (default-value 'explog-repositories)))
             (when (featurep 'explog-bridge)
               (explog-bridge-stop)))
            (t (explog-edit-define-methods)
               (if (explog-bridge-ready-p)
                   (explog--configure)
                 (explog-bridge-start)))))))

(provide 'explog)
;;; explog.el ends here
