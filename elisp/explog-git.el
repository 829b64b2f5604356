;;; explog-git.el --- Run git and nothing else  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A repository can name programs that git runs: a monitor of the file
;; system, filters, hooks, a pager.  It may be a clone of anybody's, so git
;; is told to run none of them.  What the server tells it is in git/safe.py;
;; a test compares the two.

;;; Code:

(require 'explog-base)
(require 'subr-x)

(defconst explog-git-settings
  `(("core.fsmonitor" . "false")
    ("core.hooksPath" . ,null-device)
    ("credential.helper" . "")
    ("log.showSignature" . "false")
    ("submodule.recurse" . "false"))
  "Settings that come before those of a repository.")

(defconst explog-git-variables
  `("GIT_OPTIONAL_LOCKS=0"
    "GIT_TERMINAL_PROMPT=0"
    "GIT_ASKPASS=false"
    "SSH_ASKPASS=false"
    "GIT_SSH_COMMAND=false"
    "GIT_PROXY_COMMAND=false"
    "GIT_PAGER=cat"
    "GIT_EDITOR=false"
    "GIT_LITERAL_PATHSPECS=1"
    "GIT_NO_REPLACE_OBJECTS=1"
    ,(concat "GIT_GRAFT_FILE=" null-device)
    "GIT_NO_LAZY_FETCH=1"
    "GIT_ALLOW_PROTOCOL=")
  "Environment variables of git that only reads.")

(defconst explog-git-elsewhere
  '("GIT_DIR" "GIT_WORK_TREE" "GIT_COMMON_DIR" "GIT_OBJECT_DIRECTORY" "GIT_NAMESPACE"
    "GIT_INDEX_FILE=/nonexistent/index")
  "What keeps git from looking elsewhere than it is told to.
An Emacs that git started as its editor has these variables from it.")

(defconst explog-git-diff-options '("--no-ext-diff" "--no-textconv")
  "Options of git's commands that show changes.")

(defvar explog-git-patience 2
  "Seconds that git may take while a command waits for it.")

(defun explog-git (directory &rest args)
  "Return the output of git with ARGS in DIRECTORY, or nil if it fails.
It also fails if it takes longer than `explog-git-patience'."
  (unless (file-remote-p directory)
    (let ((default-directory (file-name-as-directory directory))
          (process-environment
           (append explog-git-elsewhere explog-git-variables process-environment)))
      (with-temp-buffer
        (when (eq 0 (ignore-errors (explog-git--run (current-buffer) args)))
          (string-trim-right (buffer-string)))))))

(defun explog-git--run (buffer args)
  "Run git with ARGS, put its output into BUFFER, and return its exit status.
Return nil if that takes too long."
  (let* ((pipe (make-pipe-process :name "explog git stderr" :noquery t
                                  :filter #'ignore :sentinel #'ignore))
         (process (make-process :name "explog git" :buffer buffer :noquery t
                                :command `("git" "--no-pager" ,@(explog-git--bars) ,@args)
                                :connection-type 'pipe :coding 'utf-8-unix
                                :stderr pipe :sentinel #'ignore))
         (end (+ (float-time) explog-git-patience)))
    (unwind-protect
        (progn
          (ignore-errors (process-send-eof process)) ; it may have ended
          (while (and (process-live-p process) (< (float-time) end))
            ;; No timer or filter of others runs amid a command.
            (accept-process-output process (- end (float-time)) nil 1))
          (while (accept-process-output process 0 nil 1))
          (unless (process-live-p process)
            (process-exit-status process)))
      (delete-process process)
      (delete-process pipe))))

(defun explog-git--bars ()
  "Return `explog-git-settings' as options of git."
  (mapcan (lambda (setting) (list "-c" (concat (car setting) "=" (cdr setting))))
          explog-git-settings))

(defun explog-git-call (directory function &rest args)
  "Call FUNCTION, of magit or vc, with ARGS in DIRECTORY.
The git that it runs meanwhile runs no program that the repository names."
  (let ((default-directory (file-name-as-directory directory))
        (process-environment (explog-git--environment)))
    (apply function args)))

(defun explog-git--environment ()
  "Return the environment for git that is to run no other program.
It has the settings as well, which git reads there from version 2.31 on."
  (let* ((count (string-to-number (or (getenv "GIT_CONFIG_COUNT") "0")))
         (settings
          (mapcan (lambda (setting)
                    (prog1 (list (format "GIT_CONFIG_KEY_%d=%s" count (car setting))
                                 (format "GIT_CONFIG_VALUE_%d=%s" count (cdr setting)))
                      (setq count (1+ count))))
                  explog-git-settings)))
    (append explog-git-variables
            (cons (format "GIT_CONFIG_COUNT=%d" count) settings)
            process-environment)))

(provide 'explog-git)
;;; explog-git.el ends here
