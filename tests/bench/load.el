;;; load.el --- What it takes to load explog  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For loading.py, in an Emacs that has loaded nothing else but the
;; features that are named behind this file on the command line.

;;; Code:

(while command-line-args-left
  (require (intern (pop command-line-args-left))))

(let* ((had features)
       (timers (length (append timer-list timer-idle-list)))
       (begun (current-time))
       (time (progn
               (require 'explog)
               ;; Not with `time-since', which would load cl-lib first.
               (* 1e3 (float-time (time-subtract (current-time) begun)))))
       new)
  (dolist (feature features)
    (unless (memq feature had)
      (push feature new)))
  (princ (format "{\"time\": %f, \"features\": [%s], \"started\": %d}\n"
                 time
                 (mapconcat (lambda (feature) (format "\"%s\"" feature)) new ", ")
                 (+ (length (process-list))
                    (- (length (append timer-list timer-idle-list)) timers)))))

;;; load.el ends here
