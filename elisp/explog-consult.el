;;; explog-consult.el --- Search through consult  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Where consult is installed, `explog-search' goes through it: hits are
;; candidates, grouped by experiment, and the place in a log is previewed
;; as you move over them.  See `explog-search-use-consult'.

;;; Code:

(require 'consult nil t)
(require 'explog-search)
(require 'explog-server)
(require 'subr-x)

(declare-function consult--dynamic-collection "consult" (fun &rest options))
(declare-function consult--jump-state "consult" ())
(declare-function consult--read "consult" (table &rest options))
(declare-function consult--temporary-files "consult" ())
(defvar consult-async-input-debounce)
(defvar consult-async-input-throttle)
(defvar consult-async-min-input)

(defun explog-consult--candidates (query)
  "Return the hits of QUERY as candidates, or nil if it is not a query yet."
  (unless (string-blank-p query)
    (pcase (ignore-error explog-error
             (explog-server-call-sync "search"
                                      (list query explog-search-limit t)
                                      :timeout 2))
      (`(,_total ,_complete ,own ,_progress ,_note . ,group)
       (let* ((hits (or (and (car group) (explog-consult--group-hits query)) own))
              (titles (explog-consult--titles hits)))
         (seq-map-indexed
          (lambda (hit index) (explog-consult--candidate hit index titles))
          hits))))))

(defun explog-consult--group-hits (query)
  "Return the hits of QUERY with those of the group's lab, or nil if it fails.
Typing ends the wait for it."
  (nth 2 (ignore-error explog-error
           (explog-server-call-sync "search-lab" (list query explog-search-limit)
                                    :timeout 3))))

(defun explog-consult--titles (hits)
  "Return an alist from the experiments of HITS to the titles of their groups."
  (mapcar (pcase-lambda (`(,experiment . ,group))
            (cons experiment (explog-search-group-title experiment group)))
          (explog-search-groups hits)))

(defun explog-consult--candidate (hit index titles)
  "Return a unique candidate for HIT, the INDEXth.
TITLES is an alist from experiments to the titles of their groups."
  (concat (propertize
           (string-trim-right
            (format "%-10s %-9s %s" (explog-search-hit-kind hit)
                    (or (explog-search-reference hit) "")
                    (explog-search-snippet hit)))
           'explog-search-hit hit
           'explog-consult-group
           (cdr (assoc (explog-search-group hit) titles)))
          (propertize (string (+ #x100000 index)) 'invisible t)))

(defun explog-consult--annotate (candidate)
  "Return the date and the place of the hit of CANDIDATE."
  (when-let ((hit (explog-consult--hit candidate)))
    (propertize (format "  %s %s" (explog-search-day hit)
                        (explog-search-where hit))
                'face 'explog-search-where)))

(defun explog-consult--hit (candidate)
  "Return the hit of CANDIDATE."
  (get-text-property 0 'explog-search-hit candidate))

(defun explog-consult--lookup (selected candidates &rest _)
  "Return the hit of SELECTED, one of CANDIDATES."
  (when-let ((candidate (car (member selected candidates))))
    (explog-consult--hit candidate)))

(defun explog-consult--group (candidate transform)
  "Return the title of CANDIDATE's group, or CANDIDATE itself if TRANSFORM."
  (if transform
      candidate
    (get-text-property 0 'explog-consult-group candidate)))

(defun explog-consult--state ()
  "Return a state function that previews hits in logs."
  (let ((open (consult--temporary-files))
        (jump (consult--jump-state)))
    (lambda (action hit)
      (unless hit
        (funcall open))
      (unless (eq action 'return)
        (funcall jump action
                 ;; What a run printed may be very long.
                 (when (and hit (explog-search-hit-file hit)
                            (not (explog-search-members hit))
                            (not (explog-search-run-p hit)))
                   (explog-consult--marker (funcall open (explog-search-hit-file hit))
                                           (explog-search-hit-line hit))))))))

(defun explog-consult--marker (buffer line)
  "Return a marker at LINE of BUFFER."
  (when (buffer-live-p buffer)
    (with-current-buffer buffer
      (save-excursion
        (save-restriction
          (widen)
          (goto-char (point-min))
          (forward-line (1- line))
          (point-marker))))))

(defun explog-consult-search (&optional query)
  "Search as `explog-search' does, beginning with QUERY, through consult."
  ;; What consult waits for is meant for programs like grep; this one
  ;; answers in milliseconds, and finds something for two letters.
  (let ((consult-async-min-input 1)
        (consult-async-input-debounce explog-search-delay)
        (consult-async-input-throttle explog-search-delay))
    (explog-search-visit-hit
     (consult--read
      (consult--dynamic-collection #'explog-consult--candidates)
      :prompt "Search: "
      :initial query
      :category 'explog-hit
      :sort nil
      :require-match t
      :history '(:input explog-search-history)
      :lookup #'explog-consult--lookup
      :group #'explog-consult--group
      :annotate #'explog-consult--annotate
      :state (explog-consult--state)))))

(provide 'explog-consult)
;;; explog-consult.el ends here
