;;; explog-ref.el --- References to experiments in any text  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What is a reference, `[e201.1]', which one is at point, and what there
;; is to say of it.  The server finds references by the same rules
;; (refs.py); what both must agree on stands in tests/data/references.json.
;;
;; `explog-ref-mode' makes buttons of them.

;;; Code:

(require 'explog)
(require 'subr-x)

(autoload 'explog-cache-get "explog-cache")
(autoload 'explog-cache-problems "explog-cache")
(autoload 'explog-cache-step "explog-cache")
(autoload 'explog-heading-parent "explog-heading")
(autoload 'explog-heading-experiment-id "explog-heading")
(autoload 'explog-log-here-p "explog-log")
(autoload 'explog-steps-at "explog-steps")

;;;; The grammar

(defconst explog-ref-regexp
  (concat "\\[e\\([0-9][0-9A-Za-z_-]\\{0,63\\}\\)"
          "\\(?:\\.\\([0-9]\\{1,6\\}\\(?:\\.[0-9]\\{1,6\\}\\)\\{0,7\\}\\)\\)?\\]")
  "Matches a reference, with `case-fold-search' nil.
Its groups are the id and the step.  What stands before it counts as
well; see `explog-ref-match'.")

(defconst explog-ref-longest 130
  "More characters than a reference, or a hash on a step, can have.")

(defconst explog-ref--url-chars "^ \t\r\n\"<>`)"
  "The characters of a URL, as `skip-chars-backward' wants them.")

(defconst explog-ref--url-regexp "[[:alnum:]]://\\|\\(?:\\`\\|[^[:alnum:]]\\)www\\."
  "Matches where a URL begins.")

(defconst explog-ref--longest-url 500
  "How many characters before a reference are looked at for a URL.")

(defun explog-ref-match ()
  "Return (ID . STEP) for what `explog-ref-regexp' matched just now, or nil.
STEP is a string like \"1.2\", or nil.  It is no reference if it stands
in a longer word, as in `weights[e2]', or in a URL."
  (let ((start (match-beginning 0)))
    (unless (or (explog-ref--word-p (char-before start))
                (explog-ref--in-url-p start))
      (cons (match-string-no-properties 1)
            (when-let ((step (match-string-no-properties 2)))
              (explog-ref--step step))))))

(defun explog-ref--word-p (char)
  "Return non-nil if CHAR is an ASCII letter, a digit or an underscore."
  (and char
       (or (<= ?a char ?z) (<= ?A char ?Z) (<= ?0 char ?9) (= char ?_))))

(defun explog-ref--in-url-p (position)
  "Return non-nil if POSITION is inside a URL."
  (let ((start (save-excursion
                 (goto-char position)
                 (skip-chars-backward explog-ref--url-chars
                                      (max (point-min)
                                           (- position explog-ref--longest-url)))
                 (point))))
    (and (< start position)             ; mostly there is a blank before it
         (string-match-p explog-ref--url-regexp
                         (buffer-substring-no-properties start position)))))

(defun explog-ref--step (text)
  "Return TEXT, the number of a step, without leading zeros."
  (if (string-match-p "\\(?:\\`\\|\\.\\)0" text)
      (save-match-data
        (replace-regexp-in-string "\\(\\`\\|\\.\\)0+\\([0-9]\\)" "\\1\\2" text))
    text))

(defun explog-ref-string (id &optional step)
  "Return how experiment ID, or its STEP, is referred to, without brackets."
  (concat "e" id (if step (concat "." step) "")))

(defun explog-ref-parse (text)
  "Return (ID . STEP) for TEXT as \"e201.1\", \"201.1\" or \"[e201.1]\", or nil."
  (with-temp-buffer
    (let ((case-fold-search nil))
      (insert "[e" (string-trim text "\\[?e?" "\\]") "]")
      (goto-char (point-min))
      (and (looking-at explog-ref-regexp)
           (= (match-end 0) (point-max))
           (explog-ref-match)))))

(defun explog-ref-in-message (message)
  "Return the references of a commit's MESSAGE, each once, as (ID . STEP).
Those further down count only where the subject has none."
  (with-temp-buffer
    (insert (string-trim-left message))
    (goto-char (point-min))
    (let ((case-fold-search nil) (subject (line-end-position)) found)
      (while (re-search-forward explog-ref-regexp
                                (and found (<= (point) subject) subject) t)
        (when-let ((reference (explog-ref-match)))
          (push reference found)))
      (delete-dups (nreverse found)))))

;;;; What is at point

(defun explog-ref-here ()
  "Return (ID STEP BEG END) for the reference that point is on, or nil.
Point may also be right behind it."
  (let ((case-fold-search nil)
        (here (point))
        (limit (min (line-end-position) (+ (point) explog-ref-longest)))
        (found nil))
    (save-excursion
      (save-match-data
        (goto-char (max (line-beginning-position) (- here explog-ref-longest)))
        (while (and (not found)
                    (re-search-forward explog-ref-regexp limit t)
                    (<= (match-beginning 0) here))
          (when-let ((reference (and (<= here (match-end 0)) (explog-ref-match))))
            ;; Between two of them, the one behind point is meant.
            (unless (and (= here (match-end 0))
                         (looking-at explog-ref-regexp))
              (setq found (list (car reference) (cdr reference)
                                (match-beginning 0) (match-end 0))))))
        found))))

;;;###autoload
(defun explog-ref-at-point ()
  "Return (ID . STEP) of the reference at point, or nil.
STEP is a string like \"1.2\", or nil for the whole experiment.  In a
log it may also be the experiment that point is in, and the step if
point is in one."
  (pcase (explog-ref-here)
    (`(,id ,step ,_ ,_) (cons id step))
    (_ (explog-ref-in-log))))

(defun explog-ref-in-log ()
  "Return (ID . STEP) of the experiment and step in a log that point is in, or nil."
  (when (and (derived-mode-p 'org-mode) (explog-log-here-p))
    (save-excursion
      (save-restriction
        (widen)
        (let ((here (line-beginning-position)))
          (when-let ((heading (explog-ref-experiment-heading)))
            (goto-char heading)
            (cons (explog-heading-experiment-id) (explog-steps-at here))))))))

(defun explog-ref-experiment-heading ()
  "Return where the heading of the experiment is that point is in, or nil.
The buffer is one with headings as in Org mode."
  (save-excursion
    (goto-char (line-end-position))
    (let ((heading (and (re-search-backward "^\\*+ " nil t) (point))))
      (while (and heading
                  (progn (goto-char heading)
                         (not (explog-heading-experiment-id))))
        (setq heading (explog-heading-parent)))
      heading)))

;;;; What there is to say

(defun explog-ref-state (id &optional step)
  "Return what is known of experiment ID, and of its STEP if non-nil.
That is `known', `unknown', or nil as long as it is being asked for."
  (pcase (explog-cache-get id)
    ('nil nil)
    ('unknown 'unknown)
    (experiment (if (or (null step) (explog-cache-step experiment step))
                    'known
                  'unknown))))

(defun explog-ref-describe (id &optional step)
  "Return one line about experiment ID, or its STEP if non-nil.
Return nil if nothing is known yet; it is then being asked for."
  (pcase (explog-cache-get id)
    ('nil nil)
    ('unknown
     (string-join (cons (format "No log has experiment %s" id)
                        (explog-cache-problems))
                  " · "))
    (experiment
     (string-join
      (delq nil
            (list (plist-get experiment :title)
                  (if step
                      (explog-ref--describe-step experiment step)
                    (explog-ref--describe-progress experiment))
                  (and (plist-get experiment :archived) "archived")
                  (plist-get experiment :problem)))
      " · "))))

(defun explog-ref--describe-step (experiment number)
  "Return what there is to say of the step NUMBER of the plist EXPERIMENT."
  (if-let ((step (explog-cache-step experiment number)))
      (string-join (delq nil (list number
                                   (plist-get step :text)
                                   (explog-ref--box (plist-get step :box))
                                   (plist-get step :hash)))
                   " ")
    (format "there is no step %s" number)))

(defun explog-ref--describe-progress (experiment)
  "Return how far the plist EXPERIMENT is, or nil if it does not say."
  (let ((ticked 0) (boxes 0))
    (dolist (step (plist-get experiment :steps))
      (when-let ((box (plist-get step :box)))
        (setq boxes (1+ boxes))
        (when (equal box "X")
          (setq ticked (1+ ticked)))))
    (let ((todo (plist-get experiment :todo))
          (count (unless (zerop boxes) (format "[%d/%d]" ticked boxes))))
      (and (or todo count)
           (string-join (delq nil (list todo count)) " ")))))

(defun explog-ref--box (box)
  "Return a sign for BOX, the state of a checkbox."
  (pcase box
    ("X" (if (char-displayable-p ?☑) "☑" "[X]"))
    ('nil nil)
    (_ (if (char-displayable-p ?☐) "☐" (format "[%s]" box)))))

(provide 'explog-ref)
;;; explog-ref.el ends here
