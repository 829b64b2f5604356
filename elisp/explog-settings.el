;;; explog-settings.el --- What the explog server is told  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The options that the server needs, put into the names of its own
;; configuration, checked, and sent.  They are the default values: a log
;; must not be able to say what the server does.

;;; Code:

(require 'cl-lib)
(require 'explog-base)

;; Options are looked at before there is any use for a server.
(autoload 'explog-server-call "explog-server")
(autoload 'explog-server-ready-p "explog-server")

(declare-function widget-apply "wid-edit" (widget property &rest args))
(declare-function widget-convert "wid-edit" (type &rest args))
(defvar org-todo-keywords)

(defun explog-settings ()
  "Return what the server is told, in the form that `json-serialize' takes."
  (with-temp-buffer            ; which has no values of its own for options
    (setq default-directory (expand-file-name "~/"))
    `((logs . ,(vconcat (mapcar #'expand-file-name
                                (explog-settings--local explog-logs))))
      (repositories . ,(vconcat (delq nil (mapcar #'explog-settings--root
                                                  explog-repositories))))
      (projects . ,(delq nil (mapcar #'explog-settings--project explog-projects)))
      (tag . ,explog-tag)
      (steps_heading . ,explog-steps-heading)
      (results . ,explog-results-regexp)
      (tick . ,(symbol-name explog-tick))
      ,@(explog-settings--todo-keywords)
      (since . ,explog-since))))

(defun explog-settings--local (names)
  "Return those of NAMES that are of files on this machine."
  (delq nil (mapcar (lambda (name) (and (explog-local-p name) name)) names)))

(defun explog-settings--root (root)
  "Return ROOT, of `explog-repositories', as the server wants it, or nil."
  (pcase-let ((`(,directory . ,depth) (if (consp root) root (cons root 0))))
    (when (explog-local-p directory)
      `((path . ,(directory-file-name (expand-file-name directory)))
        (depth . ,depth)))))

(defun explog-settings--project (project)
  "Return PROJECT, of `explog-projects', as the server wants it, or nil."
  (when (explog-local-p (car project))
    (cons (intern (expand-file-name (car project)))
          (vconcat (mapcar (lambda (directory)
                             (directory-file-name (expand-file-name directory)))
                           (explog-settings--local (cdr project)))))))

(defun explog-settings--todo-keywords ()
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

;;;; Checked and sent

(defun explog-settings-bad-option ()
  "Return an option for the server whose value is not of its type, or nil."
  (require 'wid-edit)
  (let ((options explog-server-options))
    (while (and options
                (widget-apply (widget-convert (get (car options) 'custom-type))
                              :match (default-value (car options))))
      (setq options (cdr options)))
    (car options)))

(defun explog-settings-complain (option)
  "Tell the user that OPTION is wrong."
  (message "explog: the value of `%s' is wrong, %S (see M-x customize-option)"
           option (default-value option)))

(defun explog-settings-send ()
  "Tell the server of the options, if it is ready."
  (when (explog-server-ready-p)
    (if-let ((option (explog-settings-bad-option)))
        (explog-settings-complain option)
      (explog-server-call
       "configure" (list (decode-coding-string
                          (json-serialize (explog-settings)) 'utf-8))
       :error (lambda (problem)
                ;; Why the server ended is said elsewhere.
                (unless (equal "server-died" (plist-get problem :code))
                  (message "explog: %s" (plist-get problem :message))))))))

;;;; Calls that need them

(cl-defun explog-settings-call (method args &key success error timeout (times 0))
  "Call METHOD with ARGS as `explog-server-call' does.
A server that has just started does not know the options yet; it is
asked again a moment later.  SUCCESS, ERROR and TIMEOUT are as there,
and TIMES is how often that was so."
  (explog-server-call
   method args :timeout timeout :success success
   :error (lambda (problem)
            (if (and explog-mode
                     (< times 50)
                     (equal "not-configured" (plist-get problem :code)))
                (run-with-timer 0.2 nil #'explog-settings-call method args
                                :success success :error error :timeout timeout
                                :times (1+ times))
              (funcall error problem)))))

(provide 'explog-settings)
;;; explog-settings.el ends here
