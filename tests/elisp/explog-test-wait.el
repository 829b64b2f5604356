;;; explog-test-wait.el --- Wait for what a test expects  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The one place where a test waits.  It loads nothing of explog, as some
;; tests look at what is loaded.

;;; Code:

(require 'ert)
(require 'seq)

(defconst explog-test-patience 60
  "How many seconds to wait for what should come: many times what it takes.")

(defun explog-test-wait (what predicate)
  "Let Emacs run until PREDICATE returns non-nil, and return that.
If it does not within `explog-test-patience', fail for want of WHAT."
  (let ((end (+ (float-time) explog-test-patience)) value)
    (while (not (setq value (funcall predicate)))
      (when (> (float-time) end)
        (ert-fail (list "Waited in vain for" what
                        (bound-and-true-p explog-server--problem))))
      (accept-process-output nil 0.01))
    value))

(defun explog-test-wait-for-timers (timers)
  "Wait until no timer is left but TIMERS."
  (explog-test-wait "timers" (lambda () (not (seq-difference timer-list timers #'eq)))))

(provide 'explog-test-wait)
;;; explog-test-wait.el ends here
