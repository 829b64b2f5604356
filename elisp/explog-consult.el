;;; explog-consult.el --- Search through consult  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Where consult is installed, `explog-search' goes through it: hits are
;; candidates, grouped by experiment, and the place in a log is previewed
;; as you move over them.  See `explog-search-use-consult'.

;;; Code:

(require 'explog-search)
(require 'subr-x)
(require 'consult nil t)

(declare-function consult--dynamic-collection "consult" (fun &rest options))
(declare-function consult--jump-state "consult" ())
(declare-function consult--read "consult" (table &rest options))
(declare-function consult--temporary-files "consult" ())
(declare-function explog-bridge-call-sync "explog-bridge" (method args &rest keys))

(defun explog-consult--candidates (query)
  "Return the hits of QUERY as candidates; none if it is no query yet."
  (unless (string-blank-p query)
    (pcase (ignore-error explog-error
             (explog-bridge-call-sync "search" (list query explog-search-limit)
                                      :timeout 2))
      (`(,_total ,_complete ,hits . ,_)
       (seq-map-indexed #'explog-consult--candidate hits)))))

(defun explog-consult--candidate (hit index)
  "Return HIT, the INDEXth, as a candidate that differs from all others."
  (concat (propertize (string-trim (explog-search--line hit))
                      'explog-search-hit hit)
          (propertize (string (+ #x100000 index)) 'invisible t)))

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
    (let ((hit (explog-consult--hit candidate)))
      (or (explog-search-hit-experiment hit) "No experiment"))))

(defun explog-consult--state ()
  "Return a state function that previews hits in logs."
  (let ((open (consult--temporary-files))
        (jump (consult--jump-state)))
    (lambda (action hit)
      (unless hit
        (funcall open))
      (unless (eq action 'return)
        (funcall jump action
                 (when (and hit (explog-search-hit-file hit))
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
    :state (explog-consult--state))))

(provide 'explog-consult)
;;; explog-consult.el ends here
