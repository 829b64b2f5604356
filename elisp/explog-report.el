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

(require 'cl-lib)
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

(defcustom explog-report-metric nil
  "The metric that reports plot, if there are at least three values of it.
Nil means none."
  :type '(choice (const :tag "None" nil) string)
  :group 'explog)

(cl-defstruct (explog-report-picture (:type vector) (:copier nil)
                                     (:constructor explog-report--picture (name svg text)))
  "A picture of a report: the NAME of the file that it is put into, and its SVG.
TEXT shows the same in a terminal, or is empty."
  name svg text)

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

(defconst explog-report--seconds 60
  "How long the server may take for a report.  A plot takes two seconds.")

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
                   ",")
        (format "%s" (or (plist-get params :metric) explog-report-metric ""))))

(defun explog-report--read-metric ()
  "Ask for a metric to plot; return nil for none."
  (let ((metric (read-string (format-prompt "Plot the metric" explog-report-metric)
                             nil nil explog-report-metric)))
    (and (not (string-blank-p metric)) metric)))

;;;; The buffer

(defvar-local explog-report--asked nil
  "What the report in this buffer is of, (PERIOD QUERY PARAMS).
These are the arguments of `explog-report--arguments'.")

(defvar-local explog-report--pictures nil
  "The pictures of the report in this buffer, a list.")

(defvar-local explog-report--folder nil
  "The folder that has the pictures of the report in this buffer, or nil.
It goes with the buffer, unless one writes the report to a file.")

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
(defun explog-report (period &optional query metric)
  "Show what was concluded, tried and left open in PERIOD, in an org buffer.
With a prefix argument, ask for a QUERY that chooses the experiments, and
for a METRIC to plot; by default that is `explog-report-metric'."
  (interactive (list (explog-report--read-period)
                     (and current-prefix-arg (read-string "Experiments (query): "))
                     (and current-prefix-arg (explog-report--read-metric))))
  (explog-need-mode)
  (let ((buffer (get-buffer-create "*explog report*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'org-mode)
        (org-mode))
      (explog-report-view-mode)
      (setq explog-report--asked (list period query (list :metric metric)))
      (explog-report--revert))
    (pop-to-buffer buffer)))

(defun explog-report--revert (&rest _)
  "Ask the server for the report of this buffer, and show it when it comes."
  (let ((buffer (current-buffer))
        (asked explog-report--asked))
    (setq mode-line-process " (asking)")
    (force-mode-line-update)
    (explog-server-call
     "report" (append (apply #'explog-report--arguments asked)
                      (list (expand-file-name "report" (explog-report--make-folder))))
     :timeout explog-report--seconds
     :success (lambda (reply) (explog-report--show buffer asked reply))
     :error (lambda (err) (explog-report--fail buffer asked err)))))

(defun explog-report--show (buffer asked reply)
  "Put the REPLY of the server into BUFFER, if that still waits for ASKED."
  (when (explog-report--current-p buffer asked)
    (with-current-buffer buffer
      (pcase-let ((`(,text ,pictures ,problems) reply)
                  (inhibit-read-only t)
                  (start (explog-report--place)))
        (erase-buffer)
        (insert text)
        (setq explog-report--pictures (append pictures nil))
        (explog-report--draw)
        ;; Org 9.6 gave it another name.
        (funcall (if (fboundp 'org-cycle-set-visibility-according-to-property)
                     'org-cycle-set-visibility-according-to-property
                   'org-set-visibility-according-to-property))
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

;;;; Pictures

(defun explog-report--make-folder ()
  "Return the folder for the pictures of this buffer; make it if need be."
  (unless (and explog-report--folder (file-directory-p explog-report--folder))
    (setq explog-report--folder (make-temp-file "explog-report-" t))
    (add-hook 'kill-buffer-hook #'explog-report--delete-folder nil t)
    (add-hook 'change-major-mode-hook #'explog-report--delete-folder nil t)
    (add-hook 'kill-emacs-hook #'explog-report--delete-folders))
  explog-report--folder)

(defun explog-report--delete-folder ()
  "Delete the folder with the pictures of this buffer."
  (when explog-report--folder
    (ignore-errors (delete-directory explog-report--folder t))
    (setq explog-report--folder nil)))

(defun explog-report--delete-folders ()
  "Delete the folders with the pictures of all buffers."
  (dolist (buffer (buffer-list))
    (with-current-buffer buffer
      (explog-report--delete-folder))))

(defun explog-report--draw ()
  "Show the pictures of the report in this buffer, or texts that show the same.
Org has links to their files, so that it can also export them."
  (remove-overlays (point-min) (point-max) 'explog-report t)
  (mapc #'explog-report--put-picture explog-report--pictures)
  (if (explog-report--shown-p)
      (org-display-inline-images)
    (dolist (picture explog-report--pictures)
      (goto-char (point-min))
      (when (search-forward (format "[[file:%s]]" (explog-report-picture-name picture)) nil t)
        (let ((overlay (make-overlay (match-beginning 0) (match-end 0))))
          (overlay-put overlay 'explog-report t)
          (overlay-put overlay 'face 'default) ; and not underlined, as the link is
          (overlay-put overlay 'display (explog-report--text picture)))))))

(defun explog-report--shown-p ()
  "Return non-nil if this Emacs can show pictures."
  (and (display-graphic-p) (image-type-available-p 'svg)))

(defconst explog-report--signs
  '((?○ . ?o) (?● . ?*) (?◆ . ?#) (?━ . ?=) (?× . ?x) (?─ . ?-))
  "Alist of the signs of a timeline, and those for a terminal that lacks them.")

(defun explog-report--text (picture)
  "Return the text that is shown instead of PICTURE, so that this terminal can."
  (let ((text (explog-report-picture-text picture)))
    (cond ((string-empty-p text) "(in a graphical Emacs there is a plot here; w writes it to a file)")
          ((seq-every-p (lambda (sign) (and (char-displayable-p (car sign))
                                       (= 1 (char-width (car sign)))))
                        explog-report--signs)
           text)
          (t (string-join
              (mapcar (lambda (char)
                        (string (or (cdr (assq char explog-report--signs)) char)))
                      text))))))

(defconst explog-report--drawn "\\`<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"\\(?:timeline\\|plot\\)\""
  "Matches the beginning of a picture that explog drew.")

(defun explog-report--put-picture (picture)
  "Write PICTURE to its file, if there is none or only one that explog drew.
Say so if that cannot be done."
  (let ((file (expand-file-name (explog-report-picture-name picture))))
    (condition-case err
        (if (and (file-exists-p file) (not (explog-report--drawn-p file)))
            (message "explog: %s is no picture of explog's, and is left as it is" file)
          (let ((coding-system-for-write 'utf-8-unix))
            (write-region (explog-report-picture-svg picture) nil file nil 'silent)))
      (file-error (message "explog: %s" (error-message-string err))))))

(defun explog-report--drawn-p (file)
  "Return non-nil if explog drew the picture in FILE."
  (with-temp-buffer
    (insert-file-contents-literally file nil 0 200)
    (looking-at-p explog-report--drawn)))

;;;; The file

(defun explog-report-write (file)
  "Write the report to FILE, and visit that, to write a summary in it."
  (interactive "FWrite report to file: ")
  (unless explog-report--asked
    (user-error "This is no report; see `explog-report'"))
  (let* ((stem (file-name-base file))
         (pictures (mapcar (lambda (picture) (explog-report--named picture stem))
                           explog-report--pictures))
         (text (explog-report--with-names pictures)))
    (when (file-exists-p file)
      (user-error "%s exists; visit it, and use `explog-report-renew'" file))
    (find-file file)
    (mapc #'explog-report--put-picture pictures)
    (insert text)
    (goto-char (point-min))
    (re-search-forward "^\\* Summary\n" nil t)
    (save-buffer)))

(defun explog-report--named (picture stem)
  "Return PICTURE with the name of a file that is beside the report STEM."
  (explog-report--picture
   (concat stem "-" (car (last (split-string (explog-report-picture-name picture) "-"))))
   (explog-report-picture-svg picture) (explog-report-picture-text picture)))

(defun explog-report--with-names (pictures)
  "Return the text of this buffer with the names of PICTURES in its links."
  (let ((text (buffer-substring-no-properties (point-min) (point-max))))
    (cl-mapc (lambda (old new)
               (setq text (string-replace
                           (format "[[file:%s]]" (explog-report-picture-name old))
                           (format "[[file:%s]]" (explog-report-picture-name new))
                           text)))
             explog-report--pictures pictures)
    text))

(defconst explog-report--marked
  "^# explog-report: begin \\([^ .\n]+\\.\\.\\([^ \n]+\\)\\)\\(?: \\(.*\\)\\)?\n"
  "Matches the comment before what explog wrote: period, last day, query.")

(defconst explog-report--asked-for "# explog-report: asked \\({.*}\\)\n"
  "Matches the comment below it, if there is one: other options, as JSON.")

;;;###autoload
(defun explog-report-renew (&optional since-last)
  "Renew the report in this buffer: replace what is between its two comments.
With the prefix argument SINCE-LAST, the report is of the days since the
last one of that period, and of that day."
  (interactive "P")
  (explog-need-mode)
  (pcase-let ((`(,period ,last ,query ,params) (save-excursion (explog-report--marked))))
    (let ((buffer (current-buffer))
          (tick (buffer-chars-modified-tick)))
      (explog-server-call
       "report" (append (explog-report--arguments (if since-last (concat last "..") period)
                                                  query params)
                        (list (if buffer-file-name (file-name-base buffer-file-name) "")))
       :timeout explog-report--seconds
       :success (lambda (reply) (explog-report--replace buffer tick reply))
       :error (lambda (err) (message "explog: %s" (plist-get err :message)))))))

(defun explog-report--marked ()
  "Return (PERIOD LAST-DAY QUERY PARAMS) of the report in this buffer.
PARAMS are a property list.  Leave point behind the comment before it."
  (goto-char (point-min))
  (unless (re-search-forward explog-report--marked nil t)
    (user-error "Explog wrote no report in this buffer"))
  (list (match-string-no-properties 1) (match-string-no-properties 2)
        (match-string-no-properties 3)
        (save-match-data
          (and (looking-at explog-report--asked-for)
               (ignore-errors
                 (json-parse-string (match-string-no-properties 1) :object-type 'plist))))))

(defun explog-report--replace (buffer tick reply)
  "Replace the report in BUFFER by that of REPLY, unless it changed since TICK."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (cond ((/= tick (buffer-chars-modified-tick))
             (message "explog: you changed the report meanwhile; renew it again"))
            ;; Emacs would ask, whatever the user is typing.
            ((not (verify-visited-file-modtime buffer))
             (message "explog: the file has changed on disk; revert the buffer first"))
            (buffer-read-only (message "explog: this buffer is read-only"))
            (t (explog-report--put (car reply))
               (when buffer-file-name
                 (mapc #'explog-report--put-picture (nth 1 reply)))
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
These are `:period', `:query', `:author', `:by', `:sections', `:metric',
and `:plot', the file for the plot of that metric."
  (explog-need-mode)
  (let* ((plot (explog-report--plot-file (plist-get params :plot)))
         (period (format "%s" (or (plist-get params :period) "week")))
         (query (plist-get params :query))
         (reply (explog-server-call-sync
                 "report-block"
                 (append (explog-report--arguments period (and query (format "%s" query)) params)
                         (list plot)))))
    (insert (string-trim-right (car reply) "\n"))
    (unless (or (string-empty-p plot) (string-empty-p (nth 1 reply)))
      (explog-report--put-picture (explog-report--picture plot (nth 1 reply) "")))
    (explog-report--tell (nth 2 reply))))

(defun explog-report--plot-file (name)
  "Return the file for the plot of a block: NAME, or one beside this buffer's.
Without either, return an empty string."
  (cond (name (format "%s" name))
        (buffer-file-name (concat (file-name-base buffer-file-name) "-plot.svg"))
        (t "")))

(provide 'explog-report)

;;; explog-report.el ends here
