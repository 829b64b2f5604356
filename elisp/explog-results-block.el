;;; explog-results-block.el --- Results as a dynamic block of org  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; A table of results in a log:
;;
;;     #+BEGIN: explog-results :id 201 :metrics "acc loss" :best "max acc"
;;     #+END:
;;
;; Org's own commands update it.  Besides, when a hash comes to a step, the
;; blocks of that experiment are updated in the same buffer, as part of the
;; same step of undo.  Nothing waits for that: the server is asked, and the
;; answer is put in if nothing changed there meanwhile.

;;; Code:

(require 'explog-base)
(require 'explog-cache)
(require 'explog-complete)
(require 'explog-edit)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-ref)
(require 'explog-results)
(require 'explog-server)
(require 'org)
(require 'seq)
(require 'subr-x)

(defcustom explog-results-auto t
  "Whether blocks of results are updated when a hash comes to their experiment.
Only logs that Emacs visits have their blocks updated."
  :type 'boolean
  :group 'explog)

;;;; A block

(defconst explog-results-block--begin "^[ \t]*#\\+BEGIN:[ \t]+explog-results\\(?:[ \t].*\\)?$"
  "Matches the first line of a block of results.")

(defun explog-results-block--arguments (params line id)
  "Return what the server is asked for a block with PARAMS.
LINE is the first line of the block, and ID the experiment around it."
  (list (explog-results-block--what params line id)
        (explog-results-block--names (plist-get params :metrics))
        (explog-results-block--names (plist-get params :parameters))
        (explog-results-block--names (plist-get params :best))
        (and (or (plist-get params :all) explog-results-all) t)
        (explog-results-block--names (plist-get params :columns))
        "org"))

(defun explog-results-block--what (params line id)
  "Return the references or the query of a block with PARAMS.
Org reads numbers: 201.10 would be 201.1.  So an id is taken from LINE.
By default it is ID, the experiment around the block."
  (let ((case-fold-search nil))
    (cond ((plist-get params :query) (format "%s" (plist-get params :query)))
          ((string-match ":id[ \t]+\\(?:\"\\([^\"]*\\)\"\\|\\([^ \t\"]+\\)\\)" line)
           (or (match-string 1 line) (match-string 2 line)))
          (id (concat "e" id))
          (t (user-error "Say which experiment: :id 201")))))

(defun explog-results-block--names (value)
  "Return VALUE of a parameter as a string, or nil."
  (cond ((null value) nil)
        ((listp value) (mapconcat (lambda (one) (format "%s" one)) value " "))
        (t (format "%s" value))))

;;;###autoload
(defun org-dblock-write:explog-results (params)
  "Write a table of results into a dynamic block of org with PARAMS.
These are `:id' or `:query', `:metrics', `:parameters', `:best', `:all'
and `:columns'."
  (explog-need-mode)
  (let* ((line (save-excursion
                 (forward-line -1)
                 (buffer-substring-no-properties (point) (line-end-position))))
         (reply (explog-server-call-sync
                 "results-text"
                 (explog-results-block--arguments params line (car (explog-ref-in-log))))))
    (insert (explog-results-block--content (car reply) (plist-get params :content)))
    (when (explog-results-block--formulas (plist-get params :content))
      (save-excursion
        (re-search-backward "^[ \t]*|" nil t)
        (org-table-recalculate 'all t)))
    (explog-results-tell (nth 1 reply))))

(defun explog-results-block--content (table old)
  "Return TABLE with the keywords above and the formulas below that OLD has.
It ends without a newline."
  (let ((above (seq-take-while (lambda (line) (not (string-match-p "^[ \t]*|" line)))
                               (split-string (or old "") "\n"))))
    (string-join
     (delq nil (append (seq-filter (lambda (line)
                                     (string-match-p "^[ \t]*#\\+\\(?:CAPTION\\|NAME\\|ATTR_[^:]+\\|PLOT\\)" line))
                                   above)
                       (list (string-trim-right table "\n"))
                       (explog-results-block--formulas old)))
     "\n")))

(defun explog-results-block--formulas (old)
  "Return the lines of formulas in OLD, the text of a block."
  (seq-filter (lambda (line) (string-match-p "^[ \t]*#\\+TBLFM:" line))
              (split-string (or old "") "\n")))

;;;; A new block

;;;###autoload
(defun explog-results-insert (id metrics)
  "Insert a dynamic block with the METRICS of experiment ID."
  (interactive
   (progn
     (explog-need-mode)
     (let ((id (or (car (explog-ref-in-log)) (explog-read-experiment "Results of: "))))
       (list id (explog-results-block--read-metrics id)))))
  (unless (derived-mode-p 'org-mode)
    (user-error "This is no org buffer"))
  (unless (bolp)
    (insert "\n"))
  (let ((start (point)))
    (insert (format "#+BEGIN: explog-results :id %s%s\n#+END:\n" id
                    (if metrics (format " :metrics %S" (string-join metrics " ")) "")))
    (goto-char start)
    (org-update-dblock)))

(defun explog-results-block--read-metrics (id)
  "Ask for some metrics of experiment ID; nil means all."
  (let ((names (explog-server-try "results-names" (list (concat "e" id) nil))))
    (completing-read-multiple "Metrics (with commas; empty for all): "
                              (append (car names) nil))))

;;;; Blocks whose step got another hash

(defun explog-results-block-edited (buffer ids)
  "Update the blocks of the experiments IDS in BUFFER when their text comes.
For `explog-edit-done-functions'."
  (when (and explog-results-auto (buffer-live-p buffer))
    (with-current-buffer buffer
      ;; The server reads what these commits give before it answers.
      (pcase-dolist (`(,line ,old ,arguments) (explog-results-block--of ids))
        (explog-server-call
         "results-text" arguments
         :success (lambda (reply)
                    (explog-results-block--put buffer line old (car reply)))
         :error #'ignore)))))

(defun explog-results-block--of (ids)
  "Return the blocks of the experiments IDS in this buffer.
Each is (LINE OLD ARGUMENTS): its first line, its text, and what the
server is asked for it."
  (org-with-wide-buffer
   (goto-char (point-min))
   (let ((case-fold-search t)
         blocks)
     (while (re-search-forward explog-results-block--begin nil t)
       (when-let* ((line (match-string-no-properties 0))
                   (old (explog-results-block--text))
                   (params (ignore-errors (explog-results-block--params line)))
                   (arguments (ignore-errors
                                (explog-results-block--arguments
                                 params line (car (explog-ref-in-log))))))
         (when (explog-results-block--mentions-p (car arguments) ids)
           (push (list line old arguments) blocks))))
     (nreverse blocks))))

(defun explog-results-block--params (line)
  "Return the parameters in LINE, the first line of a block, as a plist."
  (string-match "explog-results" line)
  (read (concat "(" (substring line (match-end 0)) ")")))

(defun explog-results-block--text ()
  "Return the text of the block whose first line point is in, or nil."
  (save-excursion
    (forward-line)
    (let ((start (point))
          (limit (save-excursion (outline-next-heading) (point))))
      (when (re-search-forward "^[ \t]*#\\+END:" limit t)
        (buffer-substring-no-properties start (line-beginning-position))))))

(defun explog-results-block--mentions-p (what ids)
  "Return non-nil if WHAT, references or a query, is of one of IDS."
  (seq-some (lambda (id)
              (string-match-p (format "\\(?:\\`\\|[ e]\\)%s\\(?:[. ]\\|\\'\\)" (regexp-quote id))
                              what))
            ids))

(defun explog-results-block--put (buffer line old table)
  "Put TABLE into the block of BUFFER with the first LINE and the text OLD.
Do nothing if there is no such block any more, if that is its text
already, or if it has formulas, which take long to compute."
  (let ((new (concat (explog-results-block--content table old) "\n")))
    (when (and (buffer-live-p buffer)
               (not (equal old new))
               (null (explog-results-block--formulas old)))
      (with-current-buffer buffer
        (explog-edit-further
         (lambda ()
           (goto-char (point-min))
           (when (explog-results-block--find line old)
             (explog-results-block--replace old new))))))))

(defun explog-results-block--find (line old)
  "Go to the text OLD of the block that begins with LINE, or return nil."
  (let (found)
    (while (and (not found) (search-forward (concat line "\n") nil t))
      (setq found (save-excursion
                    (forward-line -1)
                    (and (looking-at-p (regexp-quote line))
                         (equal old (explog-results-block--text))))))
    found))

(defun explog-results-block--replace (old new)
  "Replace OLD, which begins at point, by NEW; touch only what differs."
  (pcase-dolist (`(,from ,to ,text)
                 (nreverse (explog-edit-changes old new (point))))
    (goto-char from)
    (insert text)
    (delete-region (point) (+ (point) (- to from)))))

(provide 'explog-results-block)

;;; explog-results-block.el ends here
