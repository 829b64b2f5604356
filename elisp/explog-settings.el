;;; explog-settings.el --- What the explog server is told  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; This file sends the options to the server, under the names of its
;; configuration.  Only default values are sent: a log must not be able to
;; control the server.
;;
;; If the value of an option is wrong, the user is told, and the other
;; options are sent.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'seq)
(require 'subr-x)

;; Options are checked before the server is needed.
(autoload 'explog-server-call "explog-server")
(autoload 'explog-server-ready-p "explog-server")

(declare-function widget-apply "wid-edit" (widget property &rest args))
(declare-function widget-convert "wid-edit" (type &rest args))
(declare-function explog-log-files "explog-log" ())
(defvar org-archive-location)
(defvar org-export-exclude-tags)
(defvar org-inlinetask-min-level)
(defvar org-log-note-headings)
(defvar org-todo-keywords)

(defun explog-settings ()
  "Return the settings for the server, in the form for `json-serialize'.
If the value of an option is wrong, use the last correct one, or leave
the option out; see `explog-settings-check'."
  (with-temp-buffer            ; which has no local values of options
    (setq default-directory (expand-file-name "~/"))
    `(,@(explog-settings--each
         'explog-logs 'logs
         (lambda (logs) (vconcat (mapcar #'expand-file-name
                                         (explog-settings--local logs)))))
      ,@(explog-settings--each
         'explog-repositories 'repositories
         (lambda (roots) (vconcat (delq nil (mapcar #'explog-settings--root roots)))))
      ,@(explog-settings--each
         'explog-projects 'projects
         (lambda (projects) (delq nil (mapcar #'explog-settings--project projects))))
      ,@(explog-settings--each 'explog-tag 'tag #'identity)
      ,@(explog-settings--each 'explog-steps-heading 'steps_heading #'identity)
      ,@(explog-settings--each 'explog-results-regexp 'results #'identity)
      ,@(explog-settings--each 'explog-metrics 'metrics #'vconcat)
      ,@(explog-settings--each 'explog-parameters 'parameters #'vconcat)
      ,@(explog-settings--each
         'explog-trackers 'trackers
         (lambda (names) (vconcat (explog-settings--local names))))
      ;; If the value is wrong, tick no box: the user wanted something else
      ;; than the default.
      ,@(or (explog-settings--each 'explog-tick 'tick #'symbol-name)
            '((tick . "never")))
      ,@(explog-settings--each 'explog-run-notes 'run_notes
                               (lambda (value) (if value t :false)))
      ,@(explog-settings--lab)
      ,@(explog-settings--todo-keywords)
      ,@(explog-settings--org)
      ,@(explog-settings--lock-files)
      (since . ,explog-since))))

(defun explog-settings--lab ()
  "Return the settings of the group's search; nil if there is no lab."
  (when-let ((lab (explog-settings--each 'explog-lab 'lab #'identity)))
    (when (cdar lab)
      `(,@lab
        ;; If the value is wrong, send nothing: the user wanted something
        ;; else than the default.
        ,@(or (explog-settings--each 'explog-lab-publish 'publish
                                     #'explog-settings--publish)
              '((publish . "none")))
        ,@(explog-settings--each
           'explog-lab-logs 'publish_logs
           (lambda (logs) (vconcat (mapcar #'expand-file-name
                                           (explog-settings--local logs)))))
        ,@(explog-settings--each 'explog-lab-scope 'scope #'symbol-name)))))

(defun explog-settings--publish (value)
  "Return VALUE, of `explog-lab-publish', in the server's form."
  (if (symbolp value)
      (symbol-name value)
    (mapcar (pcase-lambda (`(,repository . ,how))
              (cons (if (eq repository t)
                        'default
                      (intern (directory-file-name (expand-file-name repository))))
                    (symbol-name how)))
            (seq-filter (lambda (entry)
                          (or (eq t (car entry)) (explog-local-p (car entry))))
                        value))))

(defvar explog-settings--right nil
  "Alist of options and the last correct value of each.")

(defun explog-settings--each (option name function)
  "Return a list of NAME and the value of OPTION, passed through FUNCTION.
If the value is wrong, use the last correct one; if there is none, return
nil."
  (when (explog-settings-right-p option)
    (setf (alist-get option explog-settings--right) (default-value option)))
  (when-let ((right (assq option explog-settings--right)))
    (list (cons name (funcall function (cdr right))))))

(defun explog-settings--local (names)
  "Return those of NAMES that are on this machine."
  (delq nil (mapcar (lambda (name) (and (explog-local-p name) name)) names)))

(defun explog-settings--root (root)
  "Return ROOT, of `explog-repositories', in the server's form, or nil."
  (pcase-let ((`(,directory . ,depth) (if (consp root) root (cons root 0))))
    (when (explog-local-p directory)
      `((path . ,(directory-file-name (expand-file-name directory)))
        (depth . ,depth)))))

(defun explog-settings--project (project)
  "Return PROJECT, of `explog-projects', in the server's form, or nil."
  (when (explog-local-p (car project))
    (cons (intern (expand-file-name (car project)))
          (vconcat (mapcar (lambda (directory)
                             (directory-file-name (expand-file-name directory)))
                           (explog-settings--local (cdr project)))))))

;;;; The options of org

(defun explog-settings--todo-keywords ()
  "Return the user's TODO keywords in the server's form, or nil.
They apply to logs without a `#+TODO:' line."
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

(defun explog-settings--org ()
  "Return Org's options for lists and checkboxes, an alist.
If Org has not defined an option yet, use its default."
  `((alphabetical_lists . ,(explog-settings--boolean 'org-list-allow-alphabetical nil))
    (hierarchical_statistics
     . ,(explog-settings--boolean 'org-checkbox-hierarchical-statistics t))
    (inlinetask_min_level . ,(explog-settings--inlinetask))
    ,@(when (stringp (bound-and-true-p org-archive-location))
        `((archive_location . ,org-archive-location)))
    ,@(when-let ((texts (explog-settings--note-headings)))
        `((log_note_headings . ,(vconcat texts))))
    ,@(explog-settings--exclude-tags)))

(defun explog-settings--boolean (option default)
  "Return the value of OPTION in JSON form, or DEFAULT if it is unbound."
  (if (if (boundp option) (default-value option) default) t :false))

(defun explog-settings--inlinetask ()
  "Return how many stars make an inline task, as JSON has it.
Unless org-inlinetask is in use, a heading with many stars is one like
others."
  (let ((level (if (boundp 'org-inlinetask-min-level) org-inlinetask-min-level 15)))
    (if (and (natnump level)
             (or (featurep 'org-inlinetask)
                 (memq 'org-inlinetask (bound-and-true-p org-modules))))
        level
      :false)))

(defun explog-settings--note-headings ()
  "Return the texts with which Org begins its notes."
  (let ((headings (bound-and-true-p org-log-note-headings)))
    (and (proper-list-p headings)
         (seq-remove #'string-empty-p
                     (seq-filter #'stringp
                                 (mapcar #'cdr-safe headings))))))

(defun explog-settings--exclude-tags ()
  "Return the tags of what Org does not export, in the server's form, or nil."
  (when (boundp 'org-export-exclude-tags)
    (let ((tags (default-value 'org-export-exclude-tags)))
      (when (and (proper-list-p tags) (seq-every-p #'stringp tags))
        `((exclude_tags . ,(vconcat (remove "" tags))))))))

(defun explog-settings--lock-files ()
  "Return the folder of Emacs's lock files, if it is not the usual one."
  (when (bound-and-true-p lock-file-name-transforms)
    (require 'explog-log)
    (let (files)
      (dolist (file (explog-log-files))
        (let ((lock (ignore-errors (make-lock-file-name file))))
          (when (stringp lock)
            (push (cons (intern file) lock) files))))
      (and files `((lock_files . ,(nreverse files)))))))

;;;; Values that are wrong

(defvar explog-settings-problems nil
  "Alist of options and sentences about their wrong values.")

(defun explog-settings-right-p (option)
  "Return non-nil if the value of OPTION has the right type."
  (require 'wid-edit)
  (let ((type (get option 'custom-type)))
    (or (null type)
        (condition-case nil
            (widget-apply (widget-convert type) :match (default-value option))
          (error nil)))))

(defun explog-settings-check ()
  "Find the options with wrong values, and tell the user of new ones.
Options of files that are not loaded yet are not checked."
  (let ((before explog-settings-problems))
    (setq explog-settings-problems
          (mapcar (lambda (option) (cons option (explog-settings--sentence option)))
                  (seq-remove #'explog-settings-right-p (explog-settings--options))))
    (pcase-dolist (`(,_ . ,sentence) (seq-difference explog-settings-problems before))
      (message "explog: %s" sentence))
    explog-settings-problems))

(defun explog-settings--options ()
  "Return all options of explog that are defined."
  (let (found)
    (pcase-dolist (`(,symbol ,kind) (get 'explog 'custom-group))
      (when (and (eq kind 'custom-variable) (default-boundp symbol))
        (push symbol found)))
    (nreverse found)))

(defun explog-settings--sentence (option)
  "Return a sentence about the wrong value of OPTION and what is right."
  (format-message "`%s' is %S; it should be %s" option (default-value option)
                  (explog-settings--expected (get option 'custom-type))))

(defun explog-settings--expected (type)
  "Return words for the values of the customization TYPE."
  (pcase (ensure-list type)
    (`(,(or 'string 'regexp)) "a string")
    (`(,(or 'file 'directory)) "the name of a file or folder")
    (`(boolean) "t or nil")
    (`(,(or 'integer 'natnum 'number 'float) . ,_) "a number")
    (`(,(or 'function 'symbol) . ,_) "a function")
    (`(const . ,rest) (format "%S" (car (last rest))))
    (`(repeat . ,rest)
     (format "a list, each element %s" (explog-settings--expected (car (last rest)))))
    (`(choice . ,rest)
     (string-join (mapcar #'explog-settings--expected
                          (explog-settings--without-keywords rest))
                  " or "))
    (`(cons . ,rest)
     (format "a pair of %s" (string-join (mapcar #'explog-settings--expected
                                                 (explog-settings--without-keywords rest))
                                         " and ")))
    (`(list . ,rest)
     (format "a list of %s" (string-join (mapcar #'explog-settings--expected
                                                 (explog-settings--without-keywords rest))
                                         ", ")))
    (`(alist . ,_) "an alist")
    (_ (format "of the type %S" type))))

(defun explog-settings--without-keywords (arguments)
  "Return ARGUMENTS of a customization type without keywords and their values."
  (while (keywordp (car arguments))
    (setq arguments (cddr arguments)))
  arguments)

;;;; Sent

(defvar explog-settings-taken-hook nil
  "Normal hook run when the server has taken the options.")

(defun explog-settings-send ()
  "Send the options to the server, if it is ready."
  (when (explog-server-ready-p)
    (explog-server-call
     "configure" (list (decode-coding-string
                        (json-serialize (explog-settings)) 'utf-8))
     :success (lambda (_answer) (run-hooks 'explog-settings-taken-hook))
     :error (lambda (problem)
              ;; Why the server ended is said elsewhere.
              (unless (equal "server-died" (plist-get problem :code))
                (message "explog: %s" (plist-get problem :message)))))))

;;;; Calls that need them

(cl-defun explog-settings-call (method args &key success error timeout (times 0))
  "Call METHOD with ARGS as `explog-server-call' does.
If the server does not know the options yet, because it has just started,
call again a moment later.  SUCCESS, ERROR and TIMEOUT are as there, and
TIMES is the number of calls so far."
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
