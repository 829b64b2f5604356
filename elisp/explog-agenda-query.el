;;; explog-agenda-query.el --- Which experiments an agenda asks for  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What an agenda command of experiments shows is said by TODO keywords, or
;; by a query of the search language.  What a query says of states, tags
;; and logs is looked up in the buffers, which may not be saved; about the
;; rest, words and dates and commits, the server is asked.

;;; Code:

(require 'explog)
(require 'explog-agenda-scan)
(require 'explog-bridge)
(require 'seq)
(require 'subr-x)

(defcustom explog-agenda-timeout 2
  "Seconds that an agenda waits for the server.
Without an answer it shows the experiments all the same, if its command
needs no more than their states, tags and logs."
  :type 'number
  :group 'explog)

(cl-defstruct (explog-agenda-query (:constructor explog-agenda-query--make)
                                   (:copier nil))
  "What to show.  CLAUSES are conditions for the heading, all of which hold.
Each is (NEGATIVE (NAME . VALUE)...).  REST is the query for the server,
or nil.  PLACES is nil or the server's answer, a table of ids and files."
  clauses rest places)

;;;; Reading a query

(defconst explog-agenda-query--token-regexp
  "-?\\(?:[a-z]+:\\)?\\(?:\"[^\"]*\"?\\|[^ \t\n\"][^ \t\n]*\\)"
  "Matches what the search language takes for one thing; see query.py.")

(defconst explog-agenda-query--own-regexp
  "\\`\\(-?\\)\\(state\\|tag\\|log\\):\\(?:\"\\([^\"]+\\)\"\\|\\([^\"].*\\)\\)\\'"
  "Matches what is looked up in a buffer.")

(defun explog-agenda-query-read (match)
  "Return the query that MATCH means.
That is a list of TODO keywords, nil for all experiments, or a string in
the search language."
  (cond ((null match) (explog-agenda-query--make))
        ((stringp match) (explog-agenda-query--read-string match))
        ((and (proper-list-p match) (seq-every-p #'stringp match))
         (explog-agenda-query--make
          :clauses (list (cons nil (mapcar (lambda (keyword) (cons "todo" keyword))
                                           match)))))
        (t (user-error "%S is neither a list of TODO keywords nor a query" match))))

(defun explog-agenda-query--read-string (text)
  "Return the query that TEXT, in the search language, means."
  (let* ((clauses (explog-agenda-query--clauses text))
         (own (seq-filter #'explog-agenda-query--own-p clauses))
         (rest (seq-difference clauses own #'eq)))
    (explog-agenda-query--make
     :clauses (mapcar #'explog-agenda-query--own own)
     :rest (when rest
             (concat (mapconcat (lambda (clause) (string-join clause " OR ")) rest " ")
                     ;; The last word may be begun only, if it ends the query.
                     (unless (and (eq (car (last rest)) (car (last clauses)))
                                  (not (string-match-p "[ \t\n]\\'" text)))
                       " "))))))

(defun explog-agenda-query--clauses (text)
  "Return the clauses of TEXT, each a list of alternatives as they stand there."
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
  "Return non-nil if CLAUSE is about what is looked up in a buffer."
  (seq-every-p (lambda (token)
                 (and (string-match explog-agenda-query--own-regexp token)
                      (or (not (cdr clause))
                          (equal "" (match-string 1 token)))))
               clause))

(defun explog-agenda-query--own (clause)
  "Return CLAUSE, of which `explog-agenda-query--own-p' is true, as it is kept."
  (cons (string-prefix-p "-" (car clause))
        (mapcar (lambda (token)
                  (string-match explog-agenda-query--own-regexp token)
                  (cons (match-string 2 token)
                        (or (match-string 3 token) (match-string 4 token))))
                clause)))

;;;; In a buffer

(defun explog-agenda-query-keywords (query)
  "Return the TODO keywords of this buffer that fit QUERY, or t for any."
  (if-let ((clause (seq-find #'explog-agenda-query--about-state-p
                             (explog-agenda-query-clauses query))))
      (seq-filter (lambda (keyword)
                    (seq-some (lambda (term)
                                (explog-agenda-query--state-p term keyword))
                              (cdr clause)))
                  org-todo-keywords-1)
    t))

(defun explog-agenda-query--about-state-p (clause)
  "Return non-nil if no experiment without a keyword fulfils CLAUSE."
  (and (not (car clause))
       (seq-every-p (lambda (term) (member (car term) '("todo" "state")))
                    (cdr clause))))

(defun explog-agenda-query--state-p (term keyword)
  "Return non-nil if KEYWORD fits TERM, (NAME . VALUE).
In a query case is of no account; a list of keywords is exact."
  (pcase term
    (`("todo" . ,value) (equal value keyword))
    (`("state" . ,value) (equal (upcase value) (upcase (or keyword ""))))))

(defun explog-agenda-query-fits-p (query node)
  "Return non-nil if NODE, in this buffer, is what QUERY asks for."
  (and (seq-every-p (pcase-lambda (`(,negative . ,terms))
                      (xor negative
                           (seq-some (lambda (term)
                                       (explog-agenda-query--term-p term node))
                                     terms)))
                    (explog-agenda-query-clauses query))
       (or (not (explog-agenda-query-rest query))
           (explog-agenda-query--found-p query (explog-agenda-node-id node)))))

(defun explog-agenda-query--term-p (term node)
  "Return non-nil if NODE fits TERM, (NAME . VALUE)."
  (pcase term
    (`("tag" . ,value) (member value (explog-agenda-node-all-tags node)))
    (`("log" . ,value) (explog-agenda-query--log-p value buffer-file-name))
    (_ (explog-agenda-query--state-p term (explog-agenda-node-todo node)))))

(defun explog-agenda-query--log-p (value file)
  "Return non-nil if VALUE is the name of FILE, or a part of its whole path."
  (and file
       (or (equal value (file-name-nondirectory file))
           (equal value (string-remove-suffix ".org" (file-name-nondirectory file)))
           (and (string-search "/" value) (string-search value file)))))

;;;; The server

(defun explog-agenda-query-ask (query)
  "Ask the server for its part of QUERY.
Return nil, or what the user should know of the answer, a string."
  (when-let ((rest (explog-agenda-query-rest query)))
    (pcase (explog-agenda-query--call "agenda-select" rest)
      (`(,complete ,rows)
       (setf (explog-agenda-query-places query) (explog-agenda-query--table rows))
       (unless complete
         "Not all is read yet, so that something may be missing: g looks again"))
      (problem problem))))

(defun explog-agenda-query--call (method argument)
  "Return the answer of METHOD to ARGUMENT, or a string if the server fails."
  (if (not explog-mode)
      "This needs the server of `explog-mode', which is off"
    (condition-case err
        (explog-bridge-call-sync method (list argument)
                                 :timeout explog-agenda-timeout)
      (explog-error (format "%s" (nth 2 err))))))

(defun explog-agenda-query--table (rows)
  "Return a table of ids, and the logs that they are in by ROWS."
  (let ((table (make-hash-table :test #'equal))
        (names (make-hash-table :test #'equal)))
    (seq-doseq (row rows)
      (let* ((file (aref row 0))
             (name (or (gethash file names)
                       (puthash file (file-truename file) names))))
        (push name (gethash (aref row 1) table))))
    table))

(defun explog-agenda-query--found-p (query id)
  "Return non-nil if the server found the experiment ID of this buffer for QUERY."
  (let ((places (explog-agenda-query-places query)))
    (and places buffer-file-name
         (member (expand-file-name buffer-file-truename) (gethash id places)))))

(defun explog-agenda-query-facts (ids)
  "Return what the server knows of IDS: a table of lists of rows by id, or nil.
A row is [ID FILE TICKED STEPS TOUCHED]."
  (when (and ids explog-mode (explog-bridge-ready-p))
    (let ((rows (explog-agenda-query--call "agenda-facts" ids)))
      (when (vectorp rows)
        (let ((table (make-hash-table :test #'equal)))
          (seq-doseq (row rows)
            (push row (gethash (aref row 0) table)))
          table)))))

(provide 'explog-agenda-query)
;;; explog-agenda-query.el ends here
