;;; explog-base.el --- What all of explog stands on  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The customization group, the options that the server needs, the error
;; of the package, and helpers that several files use.  Every file may
;; require this one, and this one requires no other file of explog.

;;; Code:

(defconst explog-version "0.1.0"
  "The version of explog; that of the server has to be the same.")

(define-error 'explog-error "Explog error")

;;;; Customization

(defgroup explog nil
  "An experiment log that stays true to git."
  :group 'org
  :group 'vc
  :prefix "explog-"
  :link '(url-link :tag "Website" "https://github.com/explog/explog"))

;; Options that name files, or that change what the server does, are risky
;; and have global values only: a log must not be able to decide which
;; other files are written.

(defcustom explog-logs nil
  "The experiment logs: files, wildcards, or folders of org files.
Relative names start from the home folder.  Files on other machines are
ignored."
  :type '(repeat file)
  :risky t)

(defcustom explog-repositories nil
  "The repositories whose commits explog reads.
Each element is (DIRECTORY . DEPTH), as in the option
`magit-repository-directories': DEPTH 0 is the directory itself, 1 the
directories in it, and so on.  A directory by itself means depth 0."
  :type '(repeat (choice directory (cons directory (natnum :tag "Depth"))))
  :risky t)

(defcustom explog-projects nil
  "Which repositories belong to which log.
This matters when two logs have an experiment with the same id.  Each
element is (LOG REPOSITORY...).  A log inside a repository belongs to
that without being named here."
  :type '(alist :key-type file :value-type (repeat directory))
  :risky t)

(defcustom explog-tag "exp"
  "The tag that makes a heading an experiment.
Tags that begin with it and an underscore, like `exp_vision', count too."
  :type 'string
  :risky t)

(defcustom explog-steps-heading "Experiments"
  "The title of the heading beneath an experiment that contains its steps.
If there is none, the steps are under the first heading with a numbered
list of checkboxes."
  :type 'string
  :risky t)

(defcustom explog-results-regexp "Results\\b"
  "Regular expression, in Python's syntax, that marks commits with results.
It is matched behind the reference in the subject.  Such a commit ticks
its step, and its hash is preferred to those of later commits without
results."
  :type 'string
  :risky t)

(defcustom explog-tick 'results
  "Which commits tick the box of their step."
  :type '(choice (const :tag "Those with results" results)
                 (const :tag "All" always)
                 (const :tag "None" never))
  :risky t)

;; The default of the server: config.py.
(defcustom explog-metrics
  '("metrics.{json,yaml,toml,csv,tsv}" "*/metrics.{json,yaml,toml,csv,tsv}"
    "results.{json,yaml,toml,csv,tsv}" "results/*.{json,yaml,toml,csv,tsv}"
    "metrics/*.{json,yaml,toml,csv,tsv}")
  "Files of a repository that contain metrics, as wildcards.
They are read where a commit with results changed them.  If two files
contain the same metric, the one that matches the earlier element counts.
`*' stands for any characters of a name, `**' for any folders, and
`{a,b}' for `a' or `b'."
  :type '(repeat string)
  :risky t)

(defcustom explog-parameters
  '("params.{yaml,json,toml}" "config.{yaml,json,toml}" ".hydra/config.yaml")
  "Files of a repository that contain parameters, as in `explog-metrics'.
They are read as a commit with results has them, whichever commit changed
them."
  :type '(repeat string)
  :risky t)

(defcustom explog-run-notes t
  "Whether a note is written on a step when a run for it has ended.
The note has the time when the run began, the commit that it ran, how it
ended, how long it took and where; see `explog-runs'.  A run never ticks
a box."
  :type 'boolean
  :risky t)

(defcustom explog-trackers
  '("mlflow.db" "mlruns" "wandb" "lightning_logs" "tb_logs" "runs")
  "Files and folders in which other programs keep runs, to be read for results.
They are those of MLflow, Weights & Biases and TensorBoard.  A relative
name is meant in each worktree.  They are looked at when results are
asked for; nil means never."
  :type '(repeat string)
  :risky t)

;; What is sent to others is nothing that a file may say, so that all are risky.

(defcustom explog-lab nil
  "Address of the database in which the members of a group search; nil for none.
This is a URL as \"postgresql://ada@db.example.org/group\", or settings of
libpq as \"service=group\".  A password belongs into ~/.pgpass.  What is
public of yours is sent there; see `explog-lab-publish' and
`explog-lab-logs'."
  :type '(choice (const :tag "None" nil) string)
  :risky t)

(defcustom explog-lab-publish 'pushed
  "Which commits are sent to the group's lab.
`pushed' are those that a remote-tracking branch reaches.  An alist has
directories of repositories and what holds for each, and t stands for all
other repositories."
  :type '(choice (const :tag "Pushed ones" pushed)
                 (const :tag "All" all)
                 (const :tag "None" none)
                 (alist :tag "For each repository"
                        :key-type (choice (const :tag "Others" t) directory)
                        :value-type (choice (const pushed) (const all) (const none))))
  :risky t)

(defcustom explog-lab-logs nil
  "Those of the logs whose text is sent to the group's lab.
Subtrees with the tag `private', and what org does not export, are never
sent."
  :type '(repeat file)
  :risky t)

(defcustom explog-lab-scope 'mine
  "Where a query searches that does not say so itself, with `scope:'."
  :type '(choice (const :tag "My logs and repositories" mine)
                 (const :tag "The group's lab as well" lab))
  :risky t)

(defcustom explog-capture-key "e"
  "The key of the capture template that `explog-mode' adds; nil for none."
  :type '(choice string (const :tag "None" nil)))

(defcustom explog-agenda-prefix "c"
  "The prefix key of the agenda commands that `explog-mode' adds; nil for none."
  :type '(choice string (const :tag "None" nil)))

(defconst explog-server-options
  '(explog-logs explog-repositories explog-projects explog-tag
    explog-steps-heading explog-results-regexp explog-tick explog-metrics
    explog-parameters explog-trackers explog-run-notes explog-lab
    explog-lab-publish explog-lab-logs explog-lab-scope)
  "The options that are sent to the server.")

;;;; State

(defvar explog-mode nil
  "Non-nil if `explog-mode' is on; explog.el defines that.")

(defvar explog-since nil
  "When `explog-mode' was turned on, in seconds since 1970; nil if it is off.")

(defvar explog-said nil
  "The messages of `explog-say-once' since `explog-mode' was turned on.")

(defconst explog-advice
  '((org-capture . explog-capture-around)
    (org-agenda . explog-agenda-around)
    (org-log-into-drawer . explog-log-into-drawer-around)
    (org-imenu-get-tree . explog-imenu-around)
    (imenu-default-create-index-function . explog-imenu-instead))
  "Alist of functions and the advice that `explog-mode' puts around them.
Org's variables for templates and commands belong to the user.  Advice
leaves them alone, and does not require Org to be loaded.")

;;;; Helpers

(defun explog-one-line (text)
  "Return TEXT as one line, without blanks around it."
  (mapconcat #'identity (split-string text "[ \t]*[\n\r][ \t\n\r]*" t "[ \t\n\r]+") " "))

(defun explog-duration (seconds)
  "Return SECONDS as \"2:31:07\", \"31:07\" or \"0:07\"."
  (let* ((whole (max 0 (truncate seconds)))
         (hours (/ whole 3600))
         (minutes (/ (% whole 3600) 60)))
    (if (zerop hours)
        (format "%d:%02d" minutes (% whole 60))
      (format "%d:%02d:%02d" hours minutes (% whole 60)))))

(defun explog-running-text (text &optional end)
  "Return TEXT, like \"2:31 node7\", behind a sign of something running, and END."
  (concat (if (char-displayable-p ?▶) "▶ " "> ") (explog-visible text) end))

(defun explog-local-p (name)
  "Return non-nil if NAME is the name of a file on this machine.
Files on other machines are never read: that could wait for a network
or ask for a password."
  (and (stringp name) (not (file-remote-p name))))

(defun explog-say-once (format &rest args)
  "Show the message FORMAT with ARGS, unless it was shown before.
Wait a moment, because the command may read a key next."
  (let ((text (apply #'format-message format args)))
    (unless (member text explog-said)
      (push text explog-said)
      (message "explog: %s" text)
      (unless noninteractive
        (sit-for 2)))))

;; Others' commands must work whatever the options of explog hold.
(defmacro explog-or-else (default &rest body)
  "Do BODY and return its value; if it fails, say why once and return DEFAULT."
  (declare (indent 1) (debug t))
  `(condition-case err
       (progn ,@body)
     (error
      (explog-say-once "%s" (error-message-string err))
      ,default)))

(defun explog-configured-p ()
  "Return non-nil if the user has set any log or repository."
  (or (default-value 'explog-logs)
      (default-value 'explog-repositories)))

(defun explog-need-mode ()
  "Signal a `user-error' unless `explog-mode' is on and has logs to serve.
Commands that ask the server call this first, because the call would
start a server that nothing stops."
  (cond ((not explog-mode)
         (user-error "This needs `explog-mode' to be on"))
        ((not (explog-configured-p))
         (user-error "No logs or repositories are set; see `explog-logs' and `explog-repositories'"))))

;;;; Text of others

;; Titles of logs and subjects of commits may come from anybody.  Emacs shows
;; control characters for what they are, but not those that have the text
;; around them appear in another order than it has.
(defconst explog--reordering "[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
  "Regexp of a character that changes the order in which others are shown.")

(defun explog-visible (text)
  "Return TEXT with characters that would reorder it replaced by their codes."
  (replace-regexp-in-string explog--reordering #'explog--code text t t))

(defun explog--code (text)
  "Return the code of the first character of TEXT, as <202E>."
  (format "<%04X>" (aref text 0)))

(defun explog-show-reordering ()
  "Show characters that would reorder the text of this buffer as their codes.
Only what is on the screen is looked at."
  (jit-lock-register #'explog--show-reordering))

(defun explog--show-reordering (beg end)
  "Show characters between BEG and END that would reorder text as their codes."
  (save-excursion
    (goto-char beg)
    (while (re-search-forward explog--reordering end t)
      (put-text-property (match-beginning 0) (match-end 0) 'display
                         (propertize (explog--code (match-string 0))
                                     'face 'escape-glyph)))))

;;;; Modal editing

(declare-function evil-initial-state "evil-core" (mode &optional checked-modes))
(declare-function evil-make-overriding-map "evil-core" (keymap &optional state copy))
(declare-function evil-set-initial-state "evil-core" (mode state))
(defvar meow-mode-state-list)

(defun explog-keep-keys (mode map)
  "Have the keys of MAP do in MODE what they say, also with evil and meow.
In evil, MAP comes before the keys of the state for moving about.  In
meow, only its state for typing leaves all keys alone.  A state that the
user chose for MODE stays."
  (with-eval-after-load 'evil
    (unless (evil-initial-state mode)
      (evil-set-initial-state mode 'motion))
    (evil-make-overriding-map map))
  (with-eval-after-load 'meow
    (unless (assq mode meow-mode-state-list)
      (push (cons mode 'insert) meow-mode-state-list))))

(provide 'explog-base)
;;; explog-base.el ends here
