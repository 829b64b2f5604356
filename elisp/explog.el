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

(declare-function explog-bridge-last-problem "explog-bridge" ())
(declare-function explog-flags-remove "explog-flags" ())
(defvar explog-bridge-ready-hook)
(defvar explog-bridge-stopped-hook)

(autoload 'explog-add-step "explog-step" nil t)
(autoload 'explog-agenda-around "explog-agenda")
(autoload 'explog-agenda-view "explog-agenda-view" nil t)
(autoload 'explog-attention "explog-attention" nil t)
(autoload 'explog-attention-restart "explog-attention")
(autoload 'explog-attention-set "explog-attention")
(autoload 'explog-backfill "explog-backfill" nil t)
(autoload 'explog-bridge-call "explog-bridge")
(autoload 'explog-bridge-ready-p "explog-bridge")
(autoload 'explog-bridge-start "explog-bridge")
(autoload 'explog-bridge-stop "explog-bridge")
(autoload 'explog-capture "explog-capture" nil t)
(autoload 'explog-capture-around "explog-capture")
(autoload 'explog-check "explog-check" nil t)
(autoload 'explog-commit-install "explog-commit")
(autoload 'explog-commit-uninstall "explog-commit")
(autoload 'explog-commits "explog-history" nil t)
(autoload 'explog-conclude "explog-conclude" nil t)
(autoload 'explog-diff "explog-diff" nil t)
(autoload 'explog-dispatch "explog-dispatch" nil t)
(autoload 'explog-doctor "explog-doctor" nil t)
(autoload 'explog-edit-define-methods "explog-edit")
(autoload 'explog-experiments-here "explog-here" nil t)
(autoload 'explog-flags-set "explog-flags")
(autoload 'explog-imenu-around "explog-imenu")
(autoload 'explog-imenu-instead "explog-imenu")
(autoload 'explog-install-server "explog-install" nil t)
(autoload 'explog-link-install "explog-link")
(autoload 'explog-mentions "explog-visit" nil t)
(autoload 'explog-message-install "explog-message")
(autoload 'explog-note "explog-note" nil t)
(autoload 'explog-ref-at-point "explog-ref")
(autoload 'explog-ref-mode "explog-ref-mode" nil t)
(autoload 'global-explog-ref-mode "explog-ref-mode" nil t)
(autoload 'explog-restart "explog-bridge" nil t)
(autoload 'explog-search "explog-search" nil t)
(autoload 'explog-search-bookmark-handler "explog-search-results")
(autoload 'explog-search-for "explog-search-results")
(autoload 'explog-search-visit-commit "explog-search-hit")
(autoload 'explog-settings-bad-option "explog-settings")
(autoload 'explog-settings-call "explog-settings")
(autoload 'explog-settings-complain "explog-settings")
(autoload 'explog-settings-send "explog-settings")
(autoload 'explog-visit "explog-visit" nil t)
(autoload 'explog-visit-goto "explog-visit")

(defconst explog-version "0.1.0"
  "The version of explog; that of the server has to be the same.")

;;;; Customization

(defgroup explog nil
  "An experiment log that stays true to git."
  :group 'org
  :group 'vc
  :prefix "explog-"
  :link '(url-link :tag "Website" "https://github.com/explog/explog"))

;; What is not loaded yet has options as well, and `customize-group' is to
;; show them all.
(dolist (library '(explog-agenda-view explog-attention explog-bridge explog-cache-read
                   explog-capture explog-check explog-doctor explog-flags explog-history
                   explog-install explog-link explog-message-check explog-message-complete
                   explog-note explog-ref-mode explog-review explog-search))
  (custom-add-load 'explog library))

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

;;;; State

(defvar explog--since nil
  "When `explog-mode' was turned on, in seconds since 1970; nil if it is off.")

(defvar explog--configure-timer nil
  "The timer that tells the server of a changed option.")

(defvar explog--said nil
  "What `explog--say-once' has said since `explog-mode' was turned on.")

(defun explog--local-p (name)
  "Return non-nil if NAME is one of a file on this machine.
On others nothing is ever looked at, as that could wait for a network
or ask for a password."
  (and (stringp name) (not (file-remote-p name))))

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
    (org-agenda . explog-agenda-around)
    (org-imenu-get-tree . explog-imenu-around)
    (imenu-default-create-index-function . explog-imenu-instead))
  "Alist of functions and what is put around them.
Unlike the variables of org in which the user's own templates and
commands are, that can be had without loading org.")

(defconst explog--parts
  '((ol . explog-link-install)
    (git-commit . explog-message-install)
    (log-edit . explog-message-install))
  "Alist of features, and what is called when they are there and the mode is on.
Before they are, nothing of ours is loaded for them.")

(defconst explog--ends
  '((explog-link . explog-link-uninstall)
    (explog-message . explog-message-uninstall)
    (explog-edit . explog-edit-finish)
    (explog-bridge . explog-bridge-stop)
    (explog-attention . explog-attention-remove)
    (explog-flags . explog-flags-remove))
  "Alist of our features, and what takes back what they did, in order.")

(defun explog--join ()
  "Add ourselves to what is loaded, if the mode is on."
  (when explog-mode
    (pcase-dolist (`(,feature . ,install) explog--parts)
      (when (featurep feature)
        (funcall install)))))

(with-eval-after-load 'ol (explog--join))
(with-eval-after-load 'git-commit (explog--join))
(with-eval-after-load 'log-edit (explog--join))

(defun explog--turn-on ()
  "Set up `explog-mode', unless it was on already."
  (unless explog--since
    (setq explog--since (float-time))
    (pcase-dolist (`(,function . ,advice) explog--advice)
      (advice-add function :around advice))
    (explog-commit-install)
    (explog--join)
    (add-hook 'explog-bridge-ready-hook #'explog-settings-send)
    (add-hook 'explog-bridge-ready-hook #'explog--attend)
    (add-hook 'explog-bridge-stopped-hook #'explog--attend)
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
  (remove-hook 'explog-bridge-ready-hook #'explog-settings-send)
  (remove-hook 'explog-bridge-ready-hook #'explog--attend)
  (remove-hook 'explog-bridge-stopped-hook #'explog--attend)
  (remove-hook 'emacs-startup-hook #'explog--start)
  (dolist (variable explog--watched)
    (remove-variable-watcher variable #'explog--option-changed))
  (when explog--configure-timer
    (cancel-timer explog--configure-timer))
  (setq explog--configure-timer nil
        explog--since nil
        explog--said nil)
  (pcase-dolist (`(,feature . ,end) explog--ends)
    (when (featurep feature)
      (funcall end))))

(defun explog--attend ()
  "Have the mode line say that the server cannot run, or that it does again."
  (when (or (featurep 'explog-attention) (explog-bridge-last-problem))
    (explog-attention-restart))
  (when (featurep 'explog-flags)
    (explog-flags-remove)))

(defun explog--something-p ()
  "Return non-nil if there is anything to look at."
  (or (default-value 'explog-logs)
      (default-value 'explog-repositories)))

(defun explog-need-mode ()
  "Signal a `user-error' unless `explog-mode' is on and has anything to look at.
Commands that ask the server call this first: it would start one that
nobody stops."
  (cond ((not explog-mode)
         (user-error "This needs `explog-mode' to be on"))
        ((not (explog--something-p))
         (user-error "There is nothing to look at yet; set `explog-logs' and `explog-repositories'"))))

(defun explog--start ()
  "Have a server that knows the options, if there is anything to serve."
  (setq explog--configure-timer nil)
  (when explog-mode
    (let ((bad (explog-settings-bad-option)))
      (cond (bad (explog-settings-complain bad))
            ((not (explog--something-p))
             (when (featurep 'explog-bridge)
               (explog-bridge-stop)))
            (t (explog-edit-define-methods)
               (if (explog-bridge-ready-p)
                   (explog-settings-send)
                 (explog-bridge-start)))))))

(provide 'explog)
;;; explog.el ends here
