;;; agenda.el --- What an agenda of experiments takes  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For agenda.py: a command of org's own, or that of `explog-mode', with
;; the log open; and then with the log not open, beside opening it.

;;; Code:

(require 'bench)
(require 'explog)
(require 'org-agenda)

(defvar explog-server-command)
(defvar bench-log (car (plist-get (bench-given :settings) :logs)))

(defun bench-org ()
  "Set up an agenda command of org's own, which lists the same."
  (setq org-agenda-custom-commands
        `(("c" . "My custom queries")
          ("ci" tags-todo "LEVEL=1&+exp/!INPROGRESS"
           ((org-agenda-files '(,bench-log))
            (org-agenda-filter-by-top-headline))))))

(defun bench-explog ()
  "Turn on `explog-mode' and wait until all is indexed."
  (setq explog-server-command (bench-given :server)
        explog-logs (list bench-log)
        explog-repositories (plist-get (bench-given :settings) :repositories))
  (explog-mode 1)
  (require 'explog-server)
  (bench-wait-ready)
  (bench-wait-indexed (bench-given :commits)))

(defun bench-agenda ()
  "Press the keys."
  (org-agenda nil "ci"))

(defun bench-entries ()
  "Return how many entries the agenda has."
  (with-current-buffer org-agenda-buffer-name
    (goto-char (point-min))
    (let ((count 0))
      (while (zerop (forward-line 1))
        (when (get-text-property (point) 'org-marker)
          (setq count (1+ count))))
      count)))

(defun bench-close ()
  "Kill the buffer of the log."
  (kill-buffer (get-file-buffer bench-log))
  (garbage-collect))

(defun bench-closed (function)
  "Return how many milliseconds FUNCTION takes with the log not open, in the median."
  (let (times)
    (dotimes (_ (bench-given :repetitions))
      (bench-close)
      (push (bench-time function) times))
    (nth (/ (length times) 2) (sort times #'<))))

(find-file bench-log)
(if (equal (bench-given :whose) "org")
    (bench-org)
  (bench-explog))
(let* ((first (bench-time #'bench-agenda))
       (times (bench-times (bench-given :repetitions) #'bench-agenda))
       (entries (bench-entries)))
  (kill-buffer org-agenda-buffer-name)
  (bench-tell :first first :times times :entries entries
              :opening (bench-closed (lambda () (find-file bench-log)))
              :closed (bench-closed #'bench-agenda)))

;;; agenda.el ends here
