;;; explog-agenda-view.el --- An agenda of experiments, in an instant  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-agenda-view' is a kind of agenda view, as `org-tags-view' is
;; one: it may stand in `org-agenda-custom-commands', alone or in a block,
;; and its entries can all that those of other views can.  What differs is
;; how they are found; see explog-agenda-scan.el.

;;; Code:

(require 'explog)
(require 'explog-agenda)
(require 'explog-agenda-entry)
(require 'explog-agenda-query)
(require 'explog-agenda-scan)
(require 'org)
(require 'org-agenda)
(require 'seq)
(require 'subr-x)

(defcustom explog-agenda-prefix-format " %i %-12:c%s"
  "What stands before the heading of an experiment in an agenda.
This is as in `org-agenda-prefix-format', which is used instead if it is
nil here, or if the settings of a command set that.  `%s' is replaced by
what `explog-agenda-extra-format' says."
  :type '(choice string (const :tag "As in other agendas" nil))
  :group 'explog)

(defconst explog-agenda--garbage 100000000
  "`gc-cons-threshold' while an agenda is made.
Emacs would else spend more time with garbage than with the agenda.")

(defvar explog-agenda-history nil
  "The queries that agendas were asked for.")

;;;; The view

;;;###autoload
(defun explog-agenda-view (match)
  "Show the experiments that fit MATCH in an agenda.
MATCH is a list of TODO keywords, nil for all experiments, or a query as
for `explog-search'.  A query shows the experiments that it finds
something of, in their entries or in their commits, and that nothing is
found of by what is left out with a minus.

In `org-agenda-custom-commands' this may stand where else `tags' does:

    (\"x\" \"Stuck\" explog-agenda-view \"state:INPROGRESS -after:2w\")"
  (interactive (list (read-string "Agenda of experiments: " nil
                                  'explog-agenda-history)))
  (let ((query (explog-agenda-query-read match))
        (gc-cons-threshold (max gc-cons-threshold explog-agenda--garbage))
        (org-agenda-files (explog-agenda-files)))
    (setq org-agenda-buffer-name (explog-agenda--buffer-name match))
    (explog-agenda--call-without-undo
     (lambda ()
       (catch 'exit                     ; to a sticky agenda
         (explog-agenda--prepare match)
         (buffer-disable-undo)
         (setq org-agenda-redo-command `(explog-agenda-view ',match))
         (explog-agenda--fill query match))))))

(defun explog-agenda--call-without-undo (function)
  "Call FUNCTION to make an agenda, with nothing in it to undo.
That one is made anew is nothing to undo, and keeping a long one with
all its text properties makes every garbage collection slower."
  (cl-flet ((buffer () (get-buffer org-agenda-buffer-name)))
    (when (buffer)
      (buffer-disable-undo (buffer)))
    (unwind-protect
        (funcall function)
      (when (buffer)
        (buffer-enable-undo (buffer))))))

(defun explog-agenda--fill (query match)
  "Put what QUERY asks for into the agenda buffer.
MATCH is how the user wrote it."
  (let* ((problem (explog-agenda-query-ask query))
         (lines (explog-agenda--lines query)))
    (explog-agenda--insert-header match problem)
    (let ((org-agenda-remove-tags
           ;; That they are aligned: once is enough.
           (or (and lines (explog-agenda-entry-insert lines))
               org-agenda-remove-tags)))
      (explog-agenda--finish))))

(defun explog-agenda--buffer-name (match)
  "Return the name of the agenda buffer for MATCH."
  (or org-agenda-buffer-tmp-name
      (and org-agenda-doing-sticky-redo org-agenda-buffer-name)
      (and org-agenda-sticky
           (format "*Org Agenda(%s%s)*" (or org-keys "explog")
                   (if match (format ":%s" match) "")))
      "*Org Agenda*"))

(defun explog-agenda--prepare (match)
  "Prepare the agenda buffer for MATCH, and the buffers of the logs."
  (let ((files (org-agenda-files nil 'ifmode)))
    ;; Org would look through all of each file, and mark there what the
    ;; scan looks up for itself.
    (cl-letf ((org-agenda-files nil)
              ((get 'org-agenda-files 'org-restrict) nil))
      (org-agenda-prepare (format "EXPLOG %s" (or match ""))))
    (let ((org-agenda-prefix-format (explog-agenda--prefix-format)))
      (org-compile-prefix-format 'tags))
    (org-set-sorting-strategy 'tags)
    (dolist (file files)
      (catch 'nextfile
        (org-check-agenda-file file)
        (with-current-buffer (org-get-agenda-file-buffer file)
          (org-with-wide-buffer
           (explog-agenda--prepare-log)))))))

(defun explog-agenda--prepare-log ()
  "Do for this buffer what `org-agenda-prepare-buffers' does, as far as needed.
That is to see tags and keywords that are set in it, and to let the
agenda know of them."
  (unless (derived-mode-p 'org-mode)
    (user-error "%s is not in Org mode" (buffer-name)))
  (explog-agenda--refresh-tags)
  (when (explog-agenda-entry-sorts-by-p 'stats-up 'stats-down)
    (org-refresh-stats-properties))
  (cl-flet ((add (variable values)
              (set variable (seq-uniq (append (symbol-value variable) values)))))
    (add 'org-todo-keywords-for-agenda org-todo-keywords-1)
    (add 'org-done-keywords-for-agenda org-done-keywords)
    (add 'org-todo-keyword-alist-for-agenda org-todo-key-alist)
    (add 'org-tag-alist-for-agenda org-current-tag-alist)
    (when org-group-tags
      (add 'org-tag-groups-alist-for-agenda org-tag-groups-alist))))

(defvar-local explog-agenda--refreshed nil
  "What the tags of this buffer were last refreshed from.")

(defun explog-agenda--refresh-tags ()
  "Have org see the tags that are set in this buffer, as it does for an agenda.
It looks through all of it for them, so do that when it has changed, or
has them from other files."
  (let ((source (list (buffer-chars-modified-tick)
                      org-tag-alist org-tag-persistent-alist)))
    (unless (equal source explog-agenda--refreshed)
      (org-set-regexps-and-options 'tags-only)
      (setq explog-agenda--refreshed
            (unless (explog-agenda-scan-occurs-p "#+setupfile:")
              source)))))

(defun explog-agenda--prefix-format ()
  "Return what `org-agenda-prefix-format' is to be for experiments."
  (if (and explog-agenda-prefix-format
           (eq org-agenda-prefix-format
               (default-toplevel-value 'org-agenda-prefix-format)))
      explog-agenda-prefix-format
    org-agenda-prefix-format))

(defun explog-agenda--insert-header (match problem)
  "Insert the header for MATCH, and PROBLEM, a string, if there is any."
  (pcase org-agenda-overriding-header
    ('nil (insert (propertize (format "Experiments: %s\n"
                                      (if (stringp match) match
                                        (string-join (or match '("all")) ", ")))
                              'face 'org-agenda-structure)))
    ("" nil)
    ((and (pred stringp) header)
     (insert (propertize header 'face 'org-agenda-structure) "\n"))
    ((and (pred functionp) header) (insert (funcall header)))
    (header (user-error "Invalid value for `org-agenda-overriding-header': %S" header)))
  (org-agenda-mark-header-line (point-min))
  (when problem
    (insert (propertize problem 'face 'warning) "\n")))

(defun explog-agenda--finish ()
  "Give the agenda buffer what all agenda buffers have."
  (goto-char (point-min))
  (unless org-agenda-multi
    (org-agenda-fit-window-to-buffer))
  (add-text-properties (point-min) (point-max)
                       `(org-agenda-type tags
                         org-last-args (nil)
                         org-redo-cmd ,org-agenda-redo-command
                         org-series-cmd ,org-cmd))
  (let ((org-agenda-fontify-priorities
         ;; Where there is none, looking for them takes 0.1 ms a line.
         (and (save-excursion (search-forward "[#" nil t))
              org-agenda-fontify-priorities)))
    (org-agenda-finalize))
  (setq buffer-read-only t))

;;;; Entries

(defun explog-agenda--lines (query)
  "Return the lines for what QUERY asks for."
  (let* ((found (mapcan (lambda (file) (explog-agenda--find-in file query))
                        (org-agenda-files nil 'ifmode)))
         (facts (and (explog-agenda-entry-needs-facts-p)
                     (explog-agenda-query-facts
                      (mapcan (pcase-lambda (`(,_ . ,nodes))
                                (mapcar #'explog-agenda-node-id nodes))
                              found)))))
    (mapcan (pcase-lambda (`(,buffer . ,nodes))
              (with-current-buffer buffer
                (explog-agenda-entry-make nodes facts)))
            found)))

(defun explog-agenda--find-in (file query)
  "Return a list of (BUFFER . NODES) of what QUERY asks for in FILE, or nil."
  (catch 'nextfile
    (org-check-agenda-file file)
    (with-current-buffer (org-get-agenda-file-buffer file)
      (let ((restricted (eq (current-buffer) org-agenda-restrict))
            nodes)
        (explog-agenda-scan
         (explog-agenda-query-keywords query)
         (lambda (node)
           (when (explog-agenda-query-fits-p query node)
             (push node nodes)))
         :start (and restricted org-agenda-restrict-begin)
         :end (and restricted org-agenda-restrict-end)
         :ids (explog-agenda-query-places query))
        (and nodes (list (cons (current-buffer) (nreverse nodes))))))))

(provide 'explog-agenda-view)
;;; explog-agenda-view.el ends here
