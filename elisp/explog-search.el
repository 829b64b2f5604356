;;; explog-search.el --- Search logs and commits as you type  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-search' asks for a query and shows what it finds while you
;; type, over all logs and the commits of all repositories.  RET in the
;; minibuffer goes to the results, where RET visits what is at point:
;; a step in its log, or a commit in magit, or in vc where there is no
;; magit.  Results are grouped by experiment.
;;
;; The server answers in milliseconds, but nothing waits for it: what it
;; answers is shown when it comes, unless a newer question was asked.

;;; Code:

(require 'explog)
(require 'explog-search-results)

(autoload 'explog-consult-search "explog-consult")

(defcustom explog-search-delay 0.05
  "Seconds of no typing after which a search is made."
  :type 'number
  :group 'explog)

(defcustom explog-search-use-consult t
  "Whether `explog-search' goes through consult where that is installed.
It does so only with a completion that shows candidates as you type, as
vertico and icomplete do."
  :type 'boolean
  :group 'explog)

(defvar explog-search-history nil
  "The queries that were made.")

;;;; Asking while one types

(defvar explog-search--timer nil
  "The timer that asks when there was no typing for a while.")

(defun explog-search--typed ()
  "Ask for what stands in the minibuffer, soon."
  (let ((query (minibuffer-contents-no-properties)))
    (when explog-search--timer
      (cancel-timer explog-search--timer))
    (setq explog-search--timer
          (run-with-timer explog-search-delay nil
                          #'explog-search--ask-typed query))))

(defun explog-search--ask-typed (query)
  "Ask for QUERY, which is being typed."
  (setq explog-search--timer nil)
  (if (string-blank-p query)
      (setq explog-search--asked (1+ explog-search--asked))
    (explog-search--ask query #'ignore)))

(defun explog-search--read (initial)
  "Read a query, beginning with INITIAL, and show its hits meanwhile."
  (minibuffer-with-setup-hook
      (lambda ()
        (add-hook 'after-change-functions
                  (lambda (&rest _) (explog-search--typed)) nil t)
        (when initial
          (explog-search--typed)))
    (unwind-protect
        (read-string "Search: " initial 'explog-search-history)
      (when explog-search--timer
        (cancel-timer explog-search--timer)
        (setq explog-search--timer nil)))))

(defun explog-search--live-completion-p ()
  "Return non-nil where the candidates of completion appear as one types."
  (or (bound-and-true-p vertico-mode)
      (bound-and-true-p icomplete-mode)
      (bound-and-true-p fido-mode)
      (bound-and-true-p mct-mode)))

;;;###autoload
(defun explog-search (&optional query plain)
  "Search logs and commits, and show what is found while you type.
QUERY is what the minibuffer begins with.  With a prefix argument PLAIN,
use a buffer of results even where consult is installed; see
`explog-search-use-consult'.

A query has words, of which the last may be begun only, \"phrases\",
-word for what is left out, OR, references as e201 or e201.1, hashes,
and filters: kind: state: tag: repo: log: author: after: before:, with
dates as 2018-06-06, 2018-06, 2w or yesterday."
  (interactive (list nil current-prefix-arg))
  (explog-need-mode)
  (if (and explog-search-use-consult (not plain)
           (explog-search--live-completion-p)
           (require 'consult nil t))
      (explog-consult-search query)
    (explog-search--in-buffer query)))

(defun explog-search--in-buffer (query)
  "Ask for a query, beginning with QUERY, and show its hits in a buffer."
  (let ((windows (current-window-configuration))
        (buffer (explog-search--buffer))
        done)
    (unwind-protect
        (progn
          (display-buffer buffer)
          (let ((answer (explog-search--read query)))
            (if (string-blank-p answer)
                (user-error "Nothing to search for")
              (explog-search--ask answer)
              (setq done t))))
      (unless done
        (set-window-configuration windows)))
    (pop-to-buffer buffer)))

(defun explog-search-refine ()
  "Change the query of this buffer."
  (interactive)
  (explog-need-mode)
  (explog-search--in-buffer explog-search--query))

(provide 'explog-search)
;;; explog-search.el ends here
