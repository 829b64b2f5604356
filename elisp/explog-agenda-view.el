;;; explog-agenda-view.el --- An agenda of experiments, in an instant  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-agenda-view' is an agenda view like `org-tags-view': it may be
;; used in `org-agenda-custom-commands', alone or in a block, and all agenda
;; commands work on its entries.  It only finds them in another way; see
;; explog-agenda-scan.el.
;;
;; TODO keywords, or a query of the search language, select the
;; experiments.  The conditions of a query on states, tags and logs are
;; checked in the buffers, which may have unsaved changes.  For the rest,
;; such as words, dates and commits, the server is asked.

;;; Code:

(require 'cl-lib)
(require 'explog-agenda)
(require 'explog-agenda-scan)
(require 'explog-base)
(require 'explog-server)
(require 'org)
(require 'org-agenda)
(require 'seq)
(require 'subr-x)

;;;; Options and data

(defcustom explog-agenda-timeout 2
  "Seconds that an agenda waits for the server.
If there is no answer by then, it shows the experiments all the same,
provided that the command depends on their states, tags and logs only."
  :type 'number
  :group 'explog)

(cl-defstruct (explog-agenda-query (:constructor explog-agenda-query--make)
                                   (:copier nil))
  "Which experiments to show.
CLAUSES are conditions on headings, all of which must hold.  Each is
(NEGATIVE (NAME . VALUE)...).  REST is the part of the query for the
server, or nil.  PLACES is the server's answer, a hash table of ids and
files, or nil."
  clauses rest places)

;;;; Reading a query

;; The server splits queries in the same way (query.py); both are tested
;; with tests/data/queries.json.

(defconst explog-agenda-query--token-regexp
  "-?\\(?:[a-z]+:\\)?\\(?:\"[^\"]*\"?\\|[^ \t\n\"][^ \t\n]*\\)"
  "Matches one token of the search language; see query.py.")

(defconst explog-agenda-query--own-regexp
  "\\`\\(-?\\)\\(state\\|tag\\|log\\):\\(?:\"\\([^\"]+\\)\"\\|\\([^\"].*\\)\\)\\'"
  "Matches a condition that is checked in a buffer.")

(defun explog-agenda-query-read (match)
  "Return the `explog-agenda-query' for MATCH.
MATCH is a list of TODO keywords, nil for all experiments, or a string in
the search language."
  (cond ((null match) (explog-agenda-query--make))
        ((stringp match) (explog-agenda-query--read-string match))
        ((and (proper-list-p match) (seq-every-p #'stringp match))
         (explog-agenda-query--make
          :clauses (list (cons nil (mapcar (lambda (keyword) (cons "todo" keyword))
                                           match)))))
        (t (user-error "%S is neither a list of TODO keywords nor a query" match))))

(defun explog-agenda-query--read-string (text)
  "Return the `explog-agenda-query' for TEXT, in the search language."
  (let* ((case-fold-search nil)
         (clauses (explog-agenda-query--clauses text))
         (own (seq-filter #'explog-agenda-query--own-p clauses))
         (rest (seq-difference clauses own #'eq)))
    (explog-agenda-query--make
     :clauses (mapcar #'explog-agenda-query--own own)
     :rest (when rest
             (concat (mapconcat (lambda (clause) (string-join clause " OR ")) rest " ")
                     ;; Only the last word of the whole query may be incomplete.
                     (unless (and (eq (car (last rest)) (car (last clauses)))
                                  (not (string-match-p "[ \t\n]\\'" text)))
                       " "))))))

(defun explog-agenda-query--clauses (text)
  "Return the clauses of TEXT, each a list of alternative tokens."
  (let ((start 0) joining clauses)
    (while (string-match explog-agenda-query--token-regexp text start)
      (let ((token (match-string 0 text)))
        (setq start (match-end 0))
        (cond ((and (equal token "OR") clauses (not joining)
                    (string-match-p "[^ \t\n]" text start))
               (setq joining t))
              (joining (setcar clauses (append (car clauses) (list token)))
                       (setq joining nil))
              (t (push (list token) clauses)))))
    (nreverse clauses)))

(defun explog-agenda-query--own-p (clause)
  "Return non-nil if CLAUSE is checked in a buffer."
  (seq-every-p (lambda (token)
                 (and (string-match explog-agenda-query--own-regexp token)
                      (or (not (cdr clause))
                          (equal "" (match-string 1 token)))))
               clause))

(defun explog-agenda-query--own (clause)
  "Return CLAUSE, which passes `explog-agenda-query--own-p', as a condition."
  (cons (string-prefix-p "-" (car clause))
        (mapcar (lambda (token)
                  (string-match explog-agenda-query--own-regexp token)
                  (cons (match-string 2 token)
                        (or (match-string 3 token) (match-string 4 token))))
                clause)))

;;;; Checking conditions in a buffer

(defun explog-agenda-query-keywords (query)
  "Return the TODO keywords of this buffer that match QUERY, or t for any."
  (if-let ((clause (seq-find #'explog-agenda-query--about-state-p
                             (explog-agenda-query-clauses query))))
      (seq-filter (lambda (keyword)
                    (seq-some (lambda (term)
                                (explog-agenda-query--state-p term keyword))
                              (cdr clause)))
                  org-todo-keywords-1)
    t))

(defun explog-agenda-query--about-state-p (clause)
  "Return non-nil if CLAUSE requires a TODO keyword."
  (and (not (car clause))
       (seq-every-p (lambda (term) (member (car term) '("todo" "state")))
                    (cdr clause))))

(defun explog-agenda-query--state-p (term keyword)
  "Return non-nil if KEYWORD matches TERM, (NAME . VALUE).
A query ignores case; a list of keywords does not."
  (pcase term
    (`("todo" . ,value) (equal value keyword))
    (`("state" . ,value) (equal (upcase value) (upcase (or keyword ""))))))

(defun explog-agenda-query-fits-p (query node)
  "Return non-nil if NODE, in this buffer, matches QUERY."
  (and (seq-every-p (pcase-lambda (`(,negative . ,terms))
                      (xor negative
                           (seq-some (lambda (term)
                                       (explog-agenda-query--term-p term node))
                                     terms)))
                    (explog-agenda-query-clauses query))
       (or (not (explog-agenda-query-rest query))
           (explog-agenda-query--found-p query (explog-agenda-node-id node)))))

(defun explog-agenda-query--term-p (term node)
  "Return non-nil if NODE matches TERM, (NAME . VALUE)."
  (pcase term
    (`("tag" . ,value) (member value (explog-agenda-node-all-tags node)))
    (`("log" . ,value) (explog-agenda-query--log-p value buffer-file-name))
    (_ (explog-agenda-query--state-p term (explog-agenda-node-todo node)))))

(defun explog-agenda-query--log-p (value file)
  "Return non-nil if VALUE is the base name of FILE or a part of its path."
  (and file
       (or (equal value (file-name-nondirectory file))
           (equal value (string-remove-suffix ".org" (file-name-nondirectory file)))
           (and (string-search "/" value) (string-search value file)))))

;;;; Asking the server

(defun explog-agenda-query-ask (query)
  "Ask the server for its part of QUERY.
Return nil, or a message for the user."
  (when-let ((rest (explog-agenda-query-rest query)))
    (pcase (explog-agenda-query--call "agenda-select" rest)
      (`(,complete ,rows)
       (setf (explog-agenda-query-places query) (explog-agenda-query--table rows))
       (unless complete
         "The logs are still being read, so entries may be missing; g updates this"))
      (problem problem))))

(defun explog-agenda-query--call (method &rest args)
  "Return the answer of METHOD to ARGS, or an error message, a string."
  (if (not explog-mode)
      "This needs the server of `explog-mode', which is off"
    (condition-case err
        (explog-server-call-sync method args :timeout explog-agenda-timeout)
      (explog-error (format "%s" (nth 2 err))))))

(cl-defstruct (explog-agenda-place (:type vector) (:constructor nil) (:copier nil))
  "An experiment in a log, as the server sends it."
  file ident)

(defun explog-agenda-query--table (rows)
  "Return a hash table from ids to the logs that have them.
Each of ROWS is an `explog-agenda-place'."
  (let ((table (make-hash-table :test #'equal))
        (names (make-hash-table :test #'equal)))
    (seq-doseq (row rows)
      (let* ((file (explog-agenda-place-file row))
             (name (or (gethash file names)
                       (puthash file (file-truename file) names))))
        (push name (gethash (explog-agenda-place-ident row) table))))
    table))

(defun explog-agenda-query--found-p (query id)
  "Return non-nil if the server found the experiment ID of this buffer for QUERY."
  (let ((places (explog-agenda-query-places query)))
    (and places buffer-file-name
         (member (expand-file-name buffer-file-truename) (gethash id places)))))

(defun explog-agenda-query-facts (ids)
  "Return a hash table from IDS to lists of `explog-agenda-facts'.
Return nil if the server does not answer."
  (when (and ids explog-mode (explog-server-ready-p))
    (let ((rows (explog-agenda-query--call "agenda-facts" ids explog-agenda-metric)))
      (when (vectorp rows)
        (let ((table (make-hash-table :test #'equal)))
          (seq-doseq (row rows)
            (push row (gethash (explog-agenda-facts-ident row) table)))
          table)))))

(defcustom explog-agenda-prefix-format " %i %-12:c%s"
  "What stands before the heading of an experiment in an agenda.
This is as in `org-agenda-prefix-format', which is used instead if it is
nil here, or if the settings of a command set that.  `%s' is replaced by
what `explog-agenda-extra-format' says."
  :type '(choice string (const :tag "As in other agendas" nil))
  :group 'explog)

(defconst explog-agenda--garbage 100000000
  "`gc-cons-threshold' while an agenda is made.
Otherwise most of the time would go into garbage collections.")

(defvar explog-agenda-history nil
  "The history of queries for agendas.")

;;;; The view

;;;###autoload
(defun explog-agenda-view (match)
  "Show the experiments that fit MATCH in an agenda.
MATCH is a list of TODO keywords, nil for all experiments, or a query as
for `explog-search'.  A query shows an experiment if it finds something
in its entry or its commits, and if none of the parts with a minus does.

In `org-agenda-custom-commands' you can use this instead of `tags':

    (\"x\" \"Stuck\" explog-agenda-view \"state:INPROGRESS -after:2w\")"
  (interactive (list (read-string "Agenda of experiments: " nil
                                  'explog-agenda-history)))
  (let ((threshold (max gc-cons-threshold explog-agenda--garbage)))
    (if (not explog-agenda-displayed-by)
        (let ((gc-cons-threshold threshold))
          (explog-agenda--make match))
      ;; It is bound by `explog-agenda-around', which needs it for longer.
      (setq explog-agenda-displayed-by 'explog-agenda-view
            gc-cons-threshold threshold)
      (explog-agenda--make match))))

(defun explog-agenda--make (match)
  "Make the agenda of the experiments that fit MATCH."
  (let ((query (explog-agenda-query-read match))
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
  "Call FUNCTION to make an agenda, without recording undo information.
Nobody undoes the making of an agenda, and the information about a long
one with all its text properties slows down garbage collection."
  (cl-flet ((buffer () (get-buffer org-agenda-buffer-name)))
    (when (buffer)
      (buffer-disable-undo (buffer)))
    (unwind-protect
        (funcall function)
      (when (buffer)
        (buffer-enable-undo (buffer))))))

(defun explog-agenda--fill (query match)
  "Insert the experiments for QUERY into the agenda buffer.
MATCH is how the user wrote the query."
  (let* ((problem (explog-agenda-query-ask query))
         (lines (explog-agenda--lines query)))
    (explog-agenda--insert-header match problem)
    (let ((org-agenda-remove-tags
           ;; The tags are aligned already, so Org need not do it again.
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
    ;; Org would search all of each file and mark it; the scan does not
    ;; need that.
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
  "Do the necessary parts of `org-agenda-prepare-buffers' for this buffer.
These are to update tags and keywords that the file sets, and to tell the
agenda of them."
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
  "The state from which the tags of this buffer were last updated.")

(defun explog-agenda--refresh-tags ()
  "Let Org update the file's own tags, as it does for an agenda.
Org searches the whole buffer for them.  So do this only if the buffer
has changed, or includes a setup file."
  (let ((source (list (buffer-chars-modified-tick)
                      org-tag-alist org-tag-persistent-alist)))
    (unless (equal source explog-agenda--refreshed)
      (org-set-regexps-and-options 'tags-only)
      (setq explog-agenda--refreshed
            (unless (explog-agenda-scan-occurs-p "#+setupfile:")
              source)))))

(defun explog-agenda--prefix-format ()
  "Return the value of `org-agenda-prefix-format' for experiments."
  (if (and explog-agenda-prefix-format
           (eq org-agenda-prefix-format
               (default-toplevel-value 'org-agenda-prefix-format)))
      explog-agenda-prefix-format
    org-agenda-prefix-format))

(defun explog-agenda--insert-header (match problem)
  "Insert the header for MATCH, and PROBLEM, a string or nil."
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
  "Set up the agenda buffer like any other."
  (goto-char (point-min))
  (unless org-agenda-multi
    (org-agenda-fit-window-to-buffer))
  (add-text-properties (point-min) (point-max)
                       `(org-agenda-type tags
                         org-last-args (nil)
                         org-redo-cmd ,org-agenda-redo-command
                         org-series-cmd ,org-cmd))
  (let ((org-agenda-fontify-priorities
         ;; Without any priority, the search takes 0.1 ms for each line.
         (and (save-excursion (search-forward "[#" nil t))
              org-agenda-fontify-priorities)))
    (org-agenda-finalize))
  (setq buffer-read-only t))

;;;; Entries

(defun explog-agenda--lines (query)
  "Return the lines of the experiments for QUERY."
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
  "Return a list of (BUFFER . NODES) for QUERY in FILE, or nil."
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
