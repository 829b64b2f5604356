;;; search.el --- What searches from Emacs take  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For searching.py: the time until the hits are in Emacs, as many as it
;; asks for by default, and until they stand in the buffer of results.

;;; Code:

(require 'bench)
(require 'explog-server)
(require 'explog-search)

(declare-function explog-search--show "explog-search" (query result))

(defvar bench-drawn nil
  "The times until the hits were in the buffer, last first.")

(defun bench-search (query)
  "Ask for QUERY, show what comes, and return the time that it took to come."
  (let* ((begun (current-time))
         (result (condition-case nil    ; half a query may be none
                     (explog-server-call-sync
                      'search (list query explog-search-limit t))
                   (explog-error nil)))
         (time (* 1e3 (float-time (time-since begun)))))
    (when result
      (explog-search--show query result))
    (push (* 1e3 (float-time (time-since begun))) bench-drawn)
    time))

(setq explog-server-command (bench-given :server))
(explog-server-start)
(bench-wait-ready)
(explog-server-call-sync 'configure (list (json-encode (bench-given :settings))))
(bench-wait-indexed (bench-given :commits))
(garbage-collect)
(let ((times (mapcar #'bench-search (bench-given :queries))))
  (bench-tell :calls (vconcat times) :drawn (vconcat bench-drawn)))

;;; search.el ends here
