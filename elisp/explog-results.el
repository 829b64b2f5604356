;;; explog-results.el --- Tables of what each step gave  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-results' lists the steps of experiments with the numbers that
;; their commits gave: a row a step.  Rows are sorted by any column, marked,
;; compared, drawn, and copied as org, Markdown, LaTeX or CSV.  The list is
;; renewed while one commits.
;;
;; explog-results-block.el has the same table as a dynamic block of org.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-point)
(require 'explog-rows)
(require 'explog-server)
(require 'seq)
(require 'subr-x)
(require 'tabulated-list)

(autoload 'explog-diff-show "explog-history")
(autoload 'explog-search-visit-commit "explog-search")
(autoload 'explog-visit-goto "explog-visit")

(cl-defstruct (explog-results-row (:type vector) (:constructor nil) (:copier nil))
  "A step, the commit on it, and what that gave, as the server sends it.
TITLE is the experiment's and TEXT the step's.  COMMIT, SHORT and
REPOSITORY are empty if a run without a commit gave it.  CELLS has an
`explog-results-cell' or nil for each metric, and PARAMETERS a string,
which may be empty, for each parameter."
  experiment step title text file line repository commit short date source n
  cells parameters)

(cl-defstruct (explog-results-cell (:type vector) (:constructor nil) (:copier nil))
  "A metric of a step: its TEXT, and its MEAN, which one can sort by.
MEAN is nil if it is no number.  BEST is non-nil if no other row has a
better one."
  text mean best)

(defcustom explog-results-all nil
  "Whether all results commits of a step count, and not only the newest.
Then each is an observation, and what is shown is their mean."
  :type 'boolean
  :group 'explog)

(defface explog-results-best '((t :inherit bold))
  "The best value of a metric."
  :group 'explog)

;;;; What is asked for

(defvar-local explog-results--query nil
  "The references or the query that the list in this buffer is of.")

(defvar-local explog-results--best nil
  "What is best in this buffer, like \"max acc\", or nil.")

(defvar-local explog-results--table nil
  "The answer of the server: (METRICS PARAMETERS ROWS TROUBLES), or nil.")

(defvar-local explog-results--hidden nil
  "The names of the columns that are not shown.")

(defvar explog-results--history nil
  "The queries that were asked for.")

(defun explog-results--read ()
  "Ask for experiments: references, or a query; by default what point is on."
  (let* ((point (explog-point))
         (id (and point (explog-point-id point))))
    (read-string (format-prompt "Results of (e201 e202, or a query)" (and id (concat "e" id)))
                 nil 'explog-results--history (and id (concat "e" id)))))

;;;###autoload
(defun explog-results (query)
  "List what was measured, with a row for each step.
QUERY has references like e201 or e201.1, or is a query as that of
`explog-search'."
  (interactive (list (explog-results--read)))
  (explog-need-mode)
  (let ((buffer (get-buffer-create "*explog results*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'explog-results-mode)
        (explog-results-mode))
      (setq explog-results--query query
            explog-results--hidden nil
            tabulated-list-sort-key nil)
      (explog-results--ask))
    (pop-to-buffer buffer)))

(defvar explog-results-mode-map
  (let ((map (make-sparse-keymap)))
    (set-keymap-parent map explog-rows-mode-map)
    (define-key map (kbd "RET") #'explog-results-visit)
    (define-key map "v" #'explog-results-commit)
    (define-key map "d" #'explog-results-diff)
    (define-key map "b" #'explog-results-best)
    (define-key map "h" #'explog-results-hide-column)
    (define-key map "H" #'explog-results-show-columns)
    (define-key map "p" #'explog-results-plot)
    (define-key map "w" #'explog-results-copy)
    map)
  "Keys of the list of `explog-results'.")

(define-derived-mode explog-results-mode explog-rows-mode "Explog Results"
  "Major mode of the list of `explog-results'.
\\{explog-results-mode-map}"
  (setq tabulated-list-format [("" 1)]
        revert-buffer-function #'explog-results--ask)
  (add-hook 'explog-cache-changed-functions #'explog-results--renew)
  (add-hook 'kill-buffer-hook #'explog-results--end nil t))

(defun explog-results--end ()
  "Renew the list no more."
  (remove-hook 'explog-cache-changed-functions #'explog-results--renew))

(defvar explog-results--timer nil
  "The timer that renews the list, or nil.")

(defun explog-results--renew (&rest _)
  "Renew the list soon, if it is on the screen."
  (when explog-results--timer
    (cancel-timer explog-results--timer))
  (setq explog-results--timer
        (run-with-timer
         0.3 nil
         (lambda ()
           (setq explog-results--timer nil)
           (when-let ((buffer (get-buffer "*explog results*")))
             (when (and explog-mode (get-buffer-window buffer t))
               (with-current-buffer buffer
                 (explog-results--ask))))))))

(defun explog-results--ask (&rest _)
  "Ask the server for the list of this buffer, and draw it when it comes."
  (let ((buffer (current-buffer))
        (query explog-results--query))
    (explog-server-call
     "results" (list query nil "t" explog-results--best (and explog-results-all t))
     :success (lambda (table) (explog-results--take buffer query table))
     :error (lambda (err) (message "explog: %s" (plist-get err :message))))))

(defun explog-results--take (buffer query table)
  "Show TABLE in BUFFER, if that still is the list of QUERY."
  (when (and (buffer-live-p buffer)
             (equal query (buffer-local-value 'explog-results--query buffer)))
    (with-current-buffer buffer
      (setq explog-results--table table)
      (explog-results--draw)
      (explog-results-tell (nth 3 table)))))

(defun explog-results-tell (troubles)
  "Show the sentences TROUBLES, if there are any."
  (unless (seq-empty-p troubles)
    (message "explog: %s%s"
             (string-join (seq-take (append troubles nil) 3) "; ")
             (if (length> troubles 3) (format "; and %d more" (- (length troubles) 3)) ""))))

;;;; Drawing

(defun explog-results--columns ()
  "Return the columns that are shown, (NAME TEXT-FUNCTION NUMBER-FUNCTION) each.
The functions get a row.  NUMBER-FUNCTION is nil for a column of text."
  (pcase-let ((`(,metrics ,parameters . ,_) explog-results--table))
    (seq-remove
     (lambda (column) (member (car column) explog-results--hidden))
     (append
      '(("Step" explog-results--reference nil) ("What" explog-results--what nil))
      (seq-map-indexed (lambda (name place)
                         (list name
                               (lambda (row) (explog-results--cell-text row place))
                               (lambda (row) (explog-results--cell-mean row place))))
                       metrics)
      (seq-map-indexed (lambda (name place)
                         (list name
                               (lambda (row) (explog-results--parameter row place))
                               (lambda (row)
                                 (explog-results--number (explog-results--parameter row place)))))
                       parameters)
      '(("n" explog-results--n explog-results-row-n)
        ("Commit" explog-results-row-short nil)
        ("Date" explog-results--day nil)
        ("From" explog-results-row-source nil))))))

(defun explog-results--reference (row)
  "Return the reference of ROW."
  (concat (explog-results-row-experiment row) "." (explog-results-row-step row)))

(defun explog-results--what (row)
  "Return what the step of ROW tried."
  (truncate-string-to-width (explog-results-row-text row) 50 nil nil t))

(defun explog-results--n (row)
  "Return how many values ROW has, as text."
  (number-to-string (explog-results-row-n row)))

(defun explog-results--day (row)
  "Return the day of the commit of ROW."
  (truncate-string-to-width (explog-results-row-date row) 10))

(defun explog-results--parameter (row place)
  "Return the parameter at PLACE of ROW, as text."
  (elt (explog-results-row-parameters row) place))

(defun explog-results--cell-text (row place)
  "Return the metric at PLACE of ROW as it is shown."
  (if-let ((cell (elt (explog-results-row-cells row) place)))
      (propertize (explog-results-cell-text cell)
                  'face (if (explog-results-cell-best cell) 'explog-results-best 'default))
    ""))

(defun explog-results--cell-mean (row place)
  "Return the metric at PLACE of ROW as a number, or nil."
  (when-let ((cell (elt (explog-results-row-cells row) place)))
    (explog-results-cell-mean cell)))

(defun explog-results--number (text)
  "Return the number that TEXT is, or nil."
  (and (string-match-p "\\`[-+]?[0-9.]+\\(?:[eE][-+]?[0-9]+\\)?\\'" text)
       (string-to-number text)))

(defun explog-results--draw ()
  "Draw the list anew, in the same order."
  (let* ((columns (explog-results--columns))
         (rows (append (nth 2 explog-results--table) nil))
         (entry (lambda (row)
                  (vconcat (mapcar (lambda (column) (funcall (nth 1 column) row)) columns))))
         (texts (mapcar entry rows)))
    (setq tabulated-list-format
          (vconcat (seq-map-indexed
                    (lambda (column place)
                      (explog-results--format column place texts))
                    columns)))
    (unless (assoc (car tabulated-list-sort-key) (append tabulated-list-format nil))
      (setq tabulated-list-sort-key nil))
    (tabulated-list-init-header)
    (explog-rows-draw rows #'explog-results--reference entry)))

(defun explog-results--format (column place texts)
  "Return the format of COLUMN, which is at PLACE in each of TEXTS."
  (pcase-let ((`(,name ,_ ,number) column))
    (list name
          (apply #'max (+ 2 (string-width name))
                 (mapcar (lambda (text) (string-width (aref text place))) texts))
          (if number
              (lambda (one other)
                (explog-results--less-p (funcall number (explog-rows-of (car one)))
                                      (funcall number (explog-rows-of (car other)))))
            t)
          :right-align (and number t))))

(defun explog-results--less-p (one other)
  "Return non-nil if the number ONE is before OTHER; nil comes last."
  (cond ((null one) nil)
        ((null other) t)
        (t (< one other))))

;;;; Rows

(defun explog-results-visit ()
  "Go to the step of this row in its log."
  (interactive)
  (let ((row (explog-rows-here)))
    (explog-visit-goto (explog-results-row-experiment row) (explog-results-row-step row))))

(defun explog-results-commit ()
  "Show the commit of this row."
  (interactive)
  (let ((row (explog-rows-here)))
    (when (string-empty-p (explog-results-row-commit row))
      (user-error "These are the results of a run without a commit"))
    (explog-search-visit-commit (explog-results-row-repository row)
                                (explog-results-row-commit row))))

(defun explog-results--chosen ()
  "Return the references of the marked rows, or of all, in one string."
  (mapconcat (lambda (row) (concat "e" (explog-results--reference row)))
             (or (explog-rows-marked)
                 (append (nth 2 explog-results--table) nil)
                 (user-error "There are no results"))
             " "))

;;;; Columns

(defun explog-results--metrics ()
  "Return the names of the metrics that are shown."
  (seq-remove (lambda (name) (member name explog-results--hidden))
              (append (car explog-results--table) nil)))

(defun explog-results-hide-column ()
  "Hide the column at point."
  (interactive)
  (let ((name (get-text-property (point) 'tabulated-list-column-name)))
    (when (member name '(nil "Step"))
      (user-error "There is no column to hide here"))
    (push name explog-results--hidden)
    (explog-results--draw)))

(defun explog-results-show-columns ()
  "Show all columns."
  (interactive)
  (setq explog-results--hidden nil)
  (explog-results--draw))

(defun explog-results-best (best)
  "Mark the BEST value: \"max acc\" or \"min loss\"; nothing if it is empty."
  (interactive
   (list (completing-read
          "Best: " (mapcan (lambda (name) (list (concat "max " name) (concat "min " name)))
                           (explog-results--metrics)))))
  (setq explog-results--best (and (not (string-blank-p best)) best))
  (explog-results--ask))

;;;; Compare, draw, copy

(defun explog-results-diff ()
  "Compare two rows: their parameters, their metrics, and their code.
They are the marked ones, or this row and the one above it."
  (interactive)
  (pcase-let* ((`(,old ,new) (explog-results--two))
               (lines (explog-results--differences old new))
               (buffer (get-buffer-create "*explog results diff*")))
    (with-current-buffer buffer
      (special-mode)
      (let ((inhibit-read-only t))
        (erase-buffer)
        (insert (explog-visible
                 (format "e%s → e%s\n%s" (explog-results--reference old)
                         (explog-results--reference new)
                         (if lines (string-join lines) "No parameter and no metric differs\n"))))
        (goto-char (point-min))))
    (display-buffer buffer)
    (cond
     ((or (string-empty-p (explog-results-row-commit old))
          (string-empty-p (explog-results-row-commit new)))
      (message "explog: a run without a commit has no code to compare"))
     ((equal (explog-results-row-repository old) (explog-results-row-repository new))
      (explog-diff-show (explog-results-row-repository new)
                        (explog-results-row-commit old) (explog-results-row-commit new)))
     (t (message "explog: the commits are in different repositories")))))

(defun explog-results--two ()
  "Return the two rows to compare."
  (pcase (explog-rows-marked)
    (`(,old ,new) (list old new))
    ('nil (let ((new (explog-rows-here)))
            (save-excursion
              (forward-line -1)
              (list (explog-rows-here) new))))
    (_ (user-error "Mark two rows"))))

(defun explog-results--differences (old new)
  "Return a line for each parameter and metric in which OLD and NEW differ."
  (pcase-let ((`(,metrics ,parameters . ,_) explog-results--table))
    (append
     (explog-results--different parameters (explog-results-row-parameters old)
                                (explog-results-row-parameters new) #'identity)
     (explog-results--different metrics (explog-results-row-cells old)
                                (explog-results-row-cells new)
                                (lambda (cell) (if cell (explog-results-cell-text cell) ""))))))

(defun explog-results--different (names olds news text)
  "Return a line for each of NAMES whose values in OLDS and NEWS differ.
TEXT is a function that returns a value as it is shown."
  (delq nil (cl-mapcar (lambda (name old new)
                         (let ((old (funcall text old)) (new (funcall text new)))
                           (unless (equal old new)
                             (format "  %s  %s → %s\n" name old new))))
                       (append names nil) (append olds nil) (append news nil))))

(defun explog-results-plot (against)
  "Draw the metrics that are shown, of the marked rows or of all.
AGAINST is \"step\", \"date\", or the name of a parameter."
  (interactive
   (list (completing-read "Against: " (append '("step" "date")
                                              (append (nth 1 explog-results--table) nil))
                          nil t nil nil "step")))
  (unless (image-type-available-p 'svg)
    (user-error "This Emacs shows no SVG; in a terminal, use explog results --plot FILE"))
  (explog-server-call
   "results-plot" (list (explog-results--chosen) (string-join (explog-results--metrics) ",")
                        explog-results--best (and explog-results-all t)
                        (and (not (equal against "step")) against))
   :timeout 60
   :success (lambda (reply) (explog-results--show-plot (car reply)))
   :error (lambda (err) (message "explog: %s" (plist-get err :message)))))

(defun explog-results--show-plot (svg)
  "Show the image SVG in a buffer."
  (with-current-buffer (get-buffer-create "*explog plot*")
    (let ((inhibit-read-only t))
      (special-mode)
      (erase-buffer)
      (insert-image (create-image svg 'svg t)))
    (display-buffer (current-buffer))))

(defun explog-results-copy (form)
  "Copy the rows that are marked, or all, as FORM: org, md, latex or csv."
  (interactive
   (list (completing-read "Copy as: " '("org" "md" "latex" "csv") nil t nil nil "org")))
  (explog-server-call
   "results-text" (list (explog-results--chosen) (string-join (explog-results--metrics) ",")
                        "t" explog-results--best (and explog-results-all t) nil form)
   :success (lambda (reply)
              (kill-new (car reply))
              (message "explog: the table is copied as %s" form))
   :error (lambda (err) (message "explog: %s" (plist-get err :message)))))

;; With evil and meow as well.
(explog-keep-keys 'explog-results-mode explog-results-mode-map)

(provide 'explog-results)

;;; explog-results.el ends here
