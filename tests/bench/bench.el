;;; bench.el --- What the benchmarks in Emacs have in common  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; workshop.py runs a script in Emacs after this one, and reads the JSON
;; that the script tells last.

;;; Code:

(require 'json)

(setq gc-cons-threshold 800000)         ; as in an Emacs that nobody tuned

(defvar bench--given
  (json-parse-string (or (getenv "EXPLOG_BENCH_GIVEN") "{}")
                     :object-type 'plist :array-type 'list
                     :null-object nil :false-object nil)
  "What the script was given.")

(defun bench-given (key)
  "Return what was given as KEY."
  (plist-get bench--given key))

(defun bench-time (function)
  "Return how many milliseconds FUNCTION takes."
  (let ((begun (current-time)))
    (funcall function)
    (* 1e3 (float-time (time-since begun)))))

(defun bench-times (count function)
  "Call FUNCTION COUNT times; return a vector of the milliseconds that each took."
  (garbage-collect)
  (let ((times (make-vector count nil)))
    (dotimes (number count)
      (aset times number (bench-time function)))
    times))

(defun bench-tell (&rest told)
  "Write the plist TOLD as a line of JSON."
  (send-string-to-terminal (concat (json-encode told) "\n")))

(defun bench-wait (what function)
  "Wait for WHAT: handle events until FUNCTION gives a value, and return that."
  (let ((end (+ (float-time) 120)) value)
    (while (not (setq value (funcall function)))
      (when (> (float-time) end)
        (error "Waited in vain for %s" what))
      (accept-process-output nil 0.01))
    value))

(defvar explog-server-command)
(declare-function explog-server-start "explog-server" ())
(declare-function explog-server-ready-p "explog-server" ())
(declare-function explog-server-last-problem "explog-server" ())
(declare-function explog-server-call-sync "explog-server" (method args &rest keys))

(defun bench-wait-ready ()
  "Wait until the server is ready."
  (bench-wait "the server"
              (lambda ()
                (when (explog-server-last-problem)
                  (error "%s" (explog-server-last-problem)))
                (explog-server-ready-p))))

(defun bench-wait-indexed (commits &optional experiments)
  "Wait until the server knows COMMITS commits and EXPERIMENTS, by default any."
  (bench-wait "the index"
              (lambda ()
                (let* ((status (explog-server-call-sync 'status nil :timeout 60))
                       (counts (plist-get status :counts)))
                  (and (plist-get status :configured)
                       (>= (plist-get counts :commits) commits)
                       (>= (plist-get counts :experiments) (or experiments 1))
                       (equal "" (plist-get status :progress))))))
  (bench-wait "calm" (let ((end (+ (float-time) 1))) (lambda () (> (float-time) end)))))

(provide 'bench)
;;; bench.el ends here
