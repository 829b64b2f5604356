;;; explog-report.el --- Progress reports  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-report' asks for a period and shows what was concluded, tried
;; and left open in it, as an org buffer.  From there it can be renewed,
;; exported, and saved as a file.  In the file, and in any other report
;; that explog wrote, `explog-report-renew' replaces what stands between
;; its two comments, and keeps all else.
;;
;; A dynamic block has the same in a log:
;;
;;     #+BEGIN: explog-report :period last-week :query "tag:paper"
;;     #+END:

;;; Code:

(require 'explog-base)
(require 'explog-server)
(require 'org)
(require 'subr-x)

(autoload 'org-export-dispatch "ox" nil t)

(defcustom explog-report-sections nil
  "The sections of a report, in their order; nil means all."
  :type '(choice (const :tag "All" nil)
                 (repeat :tag "These"
                         (choice (const concluded) (const results) (const progress)
                                 (const waiting) (const next) (const planned)
                                 (const unreferenced))))
  :group 'explog)

(defcustom explog-report-by 'experiment
  "How reports are grouped."
  :type '(choice (const :tag "By experiment" experiment)
                 (const :tag "By log" project)
                 (const :tag "By repository" repository))
  :group 'explog)

(defcustom explog-report-author "all"
  "Whose commits reports are about: \"all\", \"me\", or a part of a name."
  :type 'string
  :group 'explog)

;;;; What is asked for

(defconst explog-report--periods
  '(("week" . "since Monday") ("last-week" . "Monday to Sunday") ("month" . "since its first")
    ("last-month" . "the whole month") ("2w" . "two weeks back") ("year" . "since January")
    ("last-year" . "the whole year") ("today") ("yesterday"))
  "Alist of periods with names, and what they are.")

(defvar explog-report--history nil
  "The periods that were asked for.")

(defun explog-report--read-period ()
  "Ask for a period: a name, a month like 2018-06, or DAY..DAY."
  (let ((completion-extra-properties
         (list :annotation-function
               (lambda (name)
                 (when-let ((meaning (cdr (assoc name explog-report--periods))))
                   (concat "  " (propertize meaning 'face 'completions-annotations)))))))
    (string-trim (completing-read "Report (week, 2w, 2018-06, DAY..DAY): "
                                  (mapcar #'car explog-report--periods)
                                  nil nil nil 'explog-report--history "week"))))

(defun explog-report--arguments (period query &optional params)
  "Return what the server is asked for a report of PERIOD and QUERY.
PARAMS are those of a dynamic block; what they do not say is taken from
the options."
  (list period (or query "")
        (format "%s" (or (plist-get params :author) explog-report-author))
        (format "%s" (or (plist-get params :by) explog-report-by))
        (mapconcat (lambda (section) (format "%s" section))
                   (let ((sections (or (plist-get params :sections) explog-report-sections)))
                     (if (listp sections) sections (split-string (format "%s" sections))))
                   ",")))

;;;; The buffer

(defvar-local explog-report--asked nil
  "What the report in this buffer is of, (PERIOD QUERY).")

(defvar explog-report-view-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map "g" #'revert-buffer)
    (define-key map "q" #'quit-window)
    (define-key map "w" #'explog-report-write)
    (define-key map "e" #'org-export-dispatch)
    map)
  "Keys of a report that is shown.")

(define-minor-mode explog-report-view-mode
  "Minor mode of the buffer of `explog-report'.
\\{explog-report-view-mode-map}"
  :lighter nil
  (setq buffer-read-only explog-report-view-mode)
  (if explog-report-view-mode
      (setq-local revert-buffer-function #'explog-report--revert)
    (kill-local-variable 'revert-buffer-function)))

;;;###autoload
(defun explog-report (period &optional query)
  "Show what was concluded, tried and left open in PERIOD, in an org buffer.
With a prefix argument, ask for a QUERY that chooses the experiments."
  (interactive (list (explog-report--read-period)
                     (and current-prefix-arg (read-string "Experiments (query): "))))
  (explog-need-mode)
  (let ((buffer (get-buffer-create "*explog report*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'org-mode)
        (org-mode))
      (explog-report-view-mode)
      (setq explog-report--asked (list period query))
      (explog-report--revert))
    (pop-to-buffer buffer)))

(defun explog-report--revert (&rest _)
  "Ask the server for the report of this buffer, and show it when it comes."
  (let ((buffer (current-buffer))
        (asked explog-report--asked))
    (setq mode-line-process " (asking)")
    (force-mode-line-update)
    (explog-server-call
     "report" (append (apply #'explog-report--arguments asked) (list ""))
     :success (lambda (reply) (explog-report--show buffer asked reply))
     :error (lambda (err) (explog-report--fail buffer asked err)))))

(defun explog-report--show (buffer asked reply)
  "Put the REPLY of the server into BUFFER, if that still waits for ASKED."
  (when (explog-report--current-p buffer asked)
    (with-current-buffer buffer
      (pcase-let ((`(,text ,_svg ,problems) reply)
                  (inhibit-read-only t)
                  (start (explog-report--place)))
        (erase-buffer)
        (insert text)
        (set-buffer-modified-p nil)
        (setq mode-line-process nil)
        (explog-report--go-to start)
        (explog-report--tell problems)))))

(defun explog-report--fail (buffer asked err)
  "Say in BUFFER that the report that was ASKED for could not be made, for ERR."
  (when (explog-report--current-p buffer asked)
    (with-current-buffer buffer
      (setq mode-line-process nil)
      (force-mode-line-update))
    (message "explog: %s" (plist-get err :message))))

(defun explog-report--current-p (buffer asked)
  "Return non-nil if BUFFER still waits for what was ASKED."
  (and (buffer-live-p buffer)
       (eq asked (buffer-local-value 'explog-report--asked buffer))))

(defun explog-report--place ()
  "Return the line and column of point in each window of this buffer."
  (mapcar (lambda (window)
            (with-selected-window window
              (list window (line-number-at-pos) (current-column))))
          (get-buffer-window-list nil nil t)))

(defun explog-report--go-to (places)
  "Put point where PLACES, of `explog-report--place', have it."
  (goto-char (point-min))
  (pcase-dolist (`(,window ,line ,column) places)
    (with-selected-window window
      (goto-char (point-min))
      (forward-line (1- line))
      (move-to-column column))))

(defun explog-report--tell (problems)
  "Show the sentences PROBLEMS, if there are any."
  (unless (seq-empty-p problems)
    (message "explog: %s" (mapconcat #'identity problems "; "))))

;;;; The file

(defun explog-report-write (file)
  "Write the report to FILE, and visit that, to write a summary in it."
  (interactive "FWrite report to file: ")
  (unless explog-report--asked
    (user-error "This is no report; see `explog-report'"))
  (let ((text (buffer-string)))
    (when (file-exists-p file)
      (user-error "%s exists; visit it, and use `explog-report-renew'" file))
    (find-file file)
    (insert text)
    (goto-char (point-min))
    (re-search-forward "^\\* Summary\n" nil t)
    (save-buffer)))

(defconst explog-report--marked
  "^# explog-report: begin \\([^ .\n]+\\.\\.\\([^ \n]+\\)\\)\\(?: \\(.*\\)\\)?\n"
  "Matches the comment before what explog wrote: period, last day, query.")

;;;###autoload
(defun explog-report-renew (&optional since-last)
  "Renew the report in this buffer: replace what is between its two comments.
With the prefix argument SINCE-LAST, the report is of the days since the
last one of that period, and of that day."
  (interactive "P")
  (explog-need-mode)
  (pcase-let ((`(,period ,last ,query) (save-excursion (explog-report--marked))))
    (let ((buffer (current-buffer))
          (tick (buffer-chars-modified-tick)))
      (explog-server-call
       "report" (append (explog-report--arguments (if since-last (concat last "..") period) query)
                        (list ""))
       :success (lambda (reply) (explog-report--replace buffer tick reply))
       :error (lambda (err) (message "explog: %s" (plist-get err :message)))))))

(defun explog-report--marked ()
  "Return the period, the last day and the query of the report in this buffer.
Leave point behind the comment before it."
  (goto-char (point-min))
  (unless (re-search-forward explog-report--marked nil t)
    (user-error "Explog wrote no report in this buffer"))
  (list (match-string-no-properties 1) (match-string-no-properties 2)
        (match-string-no-properties 3)))

(defun explog-report--replace (buffer tick reply)
  "Replace the report in BUFFER by that of REPLY, unless it changed since TICK."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (cond ((/= tick (buffer-chars-modified-tick))
             (message "explog: you changed the report meanwhile; renew it again"))
            (buffer-read-only (message "explog: this buffer is read-only"))
            (t (explog-report--put (car reply))
               (explog-report--tell (nth 2 reply)))))))

(defun explog-report--put (text)
  "Put what TEXT has between its comments between those of this buffer."
  (let ((fresh (with-temp-buffer
                 (insert text)
                 (explog-report--bounds)
                 (buffer-substring (match-beginning 0) (point)))))
    (org-with-wide-buffer
     (let ((end (copy-marker (explog-report--bounds))))
       (replace-region-contents (match-beginning 0) end (lambda () fresh))
       (set-marker end nil)))
    (message "explog: the report is renewed")))

(defun explog-report--bounds ()
  "Search for the report of explog and return its end, where point is then.
It begins where the match does."
  (explog-report--marked)
  (let ((begin (match-data)))
    (unless (re-search-forward "^# explog-report: end *$" nil t)
      (user-error "The comment at the end of the report is missing"))
    (set-match-data begin)
    (point)))

;;;; The dynamic block

;;;###autoload
(defun org-dblock-write:explog-report (params)
  "Write a report into a dynamic block of org with PARAMS.
These are `:period', `:query', `:author', `:by' and `:sections'."
  (explog-need-mode)
  (let* ((period (format "%s" (or (plist-get params :period) "week")))
         (query (plist-get params :query))
         (reply (explog-server-call-sync
                 "report-block"
                 (explog-report--arguments period (and query (format "%s" query)) params))))
    (insert (string-trim-right (car reply) "\n"))
    (explog-report--tell (nth 1 reply))))

(provide 'explog-report)

;;; explog-report.el ends here
