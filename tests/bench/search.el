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
(declare-function explog-search--buffer "explog-search" ())
(declare-function explog-search--draw-rest "explog-search" ())

(defvar bench-drawn nil
  "The times until the hits were in the buffer, last first.")

(defvar bench-drawing nil
  "The processor times until a window could show the hits, last first.")

(defvar bench-inserting nil
  "The processor times that inserting the same lines takes, last first.")

(defun bench-cpu (function)
  "Return how many milliseconds of the processor FUNCTION takes."
  (let ((begun (get-internal-run-time)))
    (funcall function)
    (* 1e3 (float-time (time-subtract (get-internal-run-time) begun)))))

(defun bench-draw (query result)
  "Show RESULT for QUERY; note what that takes, and what inserting all its lines does."
  (push (bench-cpu (lambda () (explog-search--show query result))) bench-drawing)
  (let ((lines (with-current-buffer (explog-search--buffer)
                 (explog-search--draw-rest)
                 (split-string (buffer-string) "\n"))))
    (with-temp-buffer
      (buffer-disable-undo)
      (push (bench-cpu (lambda ()
                         (dolist (line lines)
                           (insert line "\n"))))
            bench-inserting))))

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

(defun bench-long-results ()
  "Return (QUERY . RESULT) of some queries, those with the most hits if there are any.
They are asked again here, as results that are kept slow down what is measured."
  (let (found)
    (dolist (query (bench-given :queries))
      (when-let ((result (and (< (length found) 100)
                              (ignore-errors
                                (explog-server-call-sync
                                 'search (list query explog-search-limit t))))))
        (unless (zerop (length (nth 2 result)))
          (push (cons query result) found))))
    (or (seq-filter (lambda (one) (= explog-search-limit (length (nth 3 one)))) found)
        found)))

(setq explog-server-command (bench-given :server))
(explog-server-start)
(bench-wait-ready)
(explog-server-call-sync 'configure (list (json-encode (bench-given :settings))))
(bench-wait-indexed (bench-given :commits))
(garbage-collect)
(let ((times (mapcar #'bench-search (bench-given :queries))))
  (dolist (one (bench-long-results))
    (bench-draw (car one) (cdr one)))
  (bench-tell :calls (vconcat times) :drawn (vconcat bench-drawn)
              :drawing (vconcat bench-drawing) :inserting (vconcat bench-inserting)))

;;; search.el ends here
