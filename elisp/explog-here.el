;;; explog-here.el --- From a commit or file to its experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-experiments-here' goes to the experiment that a commit in magit
;; or vc is for, or that the commits which touched a file are for.

;;; Code:

(require 'explog)
(require 'explog-point)
(require 'explog-ref)
(require 'seq)
(require 'subr-x)

(autoload 'explog-cache-experiments-fetch "explog-cache")
(declare-function dired-get-filename "dired" (&optional localp no-error-if-not-filep))
(declare-function magit-file-at-point "magit-git" (&optional expand assert))

;;;###autoload
(defun explog-experiments-here (&optional other-window)
  "Go to the experiment of the commit at point, or of this file.
A commit leads to what its message refers to, and a file, also one at
point in Dired or magit, to what the commits that touched it refer to.
Of several, you choose one.  With a prefix argument, OTHER-WINDOW, show
it in another window."
  (interactive "P")
  (let ((point (explog-point)))
    (if (and point (explog-point-commit point))
        (explog-here--of-commit point other-window)
      (explog-here--of-file (or (explog-here--file)
                                (user-error "There is no commit or file here"))
                            other-window))))

(defun explog-here-p ()
  "Return non-nil if `explog-experiments-here' has something to begin with."
  (if-let ((point (explog-point)))
      (or (explog-point-commit point) (explog-here--file))
    (explog-here--file)))

;;;; Commits

(defun explog-here--of-commit (point other-window)
  "Go to what the commit that POINT is on refers to; see OTHER-WINDOW above."
  (let ((references (explog-point-references point)))
    (unless references
      (user-error "%s refers to no experiment" (explog-point-commit point)))
    (explog-here--go
     (explog-here--choose
      "Experiment of this commit: "
      (mapcar (lambda (reference) (cons reference nil)) references))
     other-window)))

;;;; Files

(defun explog-here--file ()
  "Return the file that the point is on, or that this buffer is about, or nil."
  (cond ((derived-mode-p 'dired-mode)
         (or (dired-get-filename nil t) (expand-file-name default-directory)))
        ((derived-mode-p 'magit-mode)
         (expand-file-name (or (magit-file-at-point) default-directory)))
        ((explog-point-message-p) nil)
        (t (buffer-file-name (or (buffer-base-buffer) (current-buffer))))))

(defconst explog-here--patience 10
  "Seconds that git may take to say which commits touched a file.")

(defun explog-here--of-file (file other-window)
  "Go to an experiment whose commits touched FILE; see OTHER-WINDOW above."
  (let ((rows (explog-here--ask file)))
    (when (zerop (length rows))
      (user-error "No commit for an experiment touched %s" (abbreviate-file-name file)))
    (explog-here--go
     (explog-here--choose
      (format "Experiments that touched %s: "
              (file-name-nondirectory (directory-file-name file)))
      (mapcar (lambda (row) (cons (list (aref row 0)) (explog-here--note row))) rows))
     other-window)))

(defun explog-here--ask (file)
  "Return which experiments' commits touched FILE: a vector of [ID COMMITS TIME].
Git has to be asked, which may take a moment; any key ends the wait."
  (when (file-remote-p file)
    (user-error "%s is on another machine, where nothing is looked at" file))
  (let ((rows (explog-point-ask "experiments-of-file" (list file)
                                :timeout explog-here--patience
                                :cancel-on-input 'typed)))
    (if (eq rows 'typed)
        (user-error "Git was still looking for the commits that touched %s"
                    (abbreviate-file-name file))
      rows)))

(defun explog-here--note (row)
  "Return what there is to say of ROW, [ID COMMITS TIME]."
  (format "%d commit%s, the last on %s" (aref row 1)
          (if (= 1 (aref row 1)) "" "s")
          (format-time-string "%Y-%m-%d" (aref row 2))))

;;;; Choosing and going

(defun explog-here--choose (prompt choices)
  "Ask with PROMPT for one of CHOICES, unless there is only one.
Each is ((ID . STEP) . NOTE), NOTE being nil or a string to show; return
\(ID . STEP)."
  (if (null (cdr choices))
      (caar choices)
    (let* ((titles (explog-here--titles))
           (names (mapcar (pcase-lambda (`((,id . ,step) . ,note))
                            (list (string-trim-right
                                   (concat id (and step ".") step " "
                                           (gethash id titles "")))
                                  (cons id step) note))
                          choices))
           (completion-ignore-case t))
      (nth 1 (assoc (completing-read
                     prompt (explog-here--table names) nil t nil nil (caar names))
                    names)))))

(defun explog-here--table (names)
  "Return a completion table of NAMES, (NAME REFERENCE NOTE) each, in their order."
  (lambda (string predicate action)
    (if (eq action 'metadata)
        `(metadata (category . explog-experiment)
                   (display-sort-function . ,#'identity)
                   (cycle-sort-function . ,#'identity)
                   (annotation-function
                    . ,(lambda (name)
                         (let ((note (nth 2 (assoc name names))))
                           (if note (concat "  " note) "")))))
      (complete-with-action action names string predicate))))

(defun explog-here--titles ()
  "Return a hash table with the titles of all experiments by id."
  (let ((titles (make-hash-table :test #'equal)))
    (dolist (summary (explog-cache-experiments-fetch) titles)
      (puthash (plist-get summary :id) (plist-get summary :title) titles))))

(defun explog-here--go (reference other-window)
  "Go to REFERENCE, (ID . STEP); see OTHER-WINDOW above."
  (explog-visit-goto (car reference) (cdr reference) other-window))

(provide 'explog-here)
;;; explog-here.el ends here
