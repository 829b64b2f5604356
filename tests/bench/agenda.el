;;; agenda.el --- What an agenda of experiments takes  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For agenda.py: a command of org's own, or that of `explog-mode', with
;; the log open; and then with the log not open, beside opening it.

;;; Code:

(require 'bench)
(require 'cl-lib)
(require 'explog)
(require 'explog-agenda)
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

(defun bench-agenda-time ()
  "Return how many milliseconds pass until the agenda can be seen.
That is when the command ends, or displays it before."
  (let (shown)
    (cl-letf* ((display (symbol-function 'explog-agenda--display))
               ((symbol-function 'explog-agenda--display)
                (lambda ()
                  (funcall display)
                  (setq shown (current-time)))))
      (let* ((begun (current-time))
             (time (bench-time #'bench-agenda)))
        (if shown
            (* 1e3 (float-time (time-subtract shown begun)))
          time)))))

(defun bench-close ()
  "Kill the buffer of the log."
  (kill-buffer (get-file-buffer bench-log))
  (garbage-collect))

(defun bench-closed (timing)
  "Return the median of what TIMING returns, milliseconds, with the log not open."
  (let (times)
    (dotimes (_ (bench-given :repetitions))
      (bench-close)
      (push (funcall timing) times))
    (nth (/ (length times) 2) (sort times #'<))))

(find-file bench-log)
(if (equal (bench-given :whose) "org")
    (bench-org)
  (bench-explog))
(let* ((first (bench-agenda-time))
       (times (progn
                (garbage-collect)
                (vconcat (mapcar (lambda (_) (bench-agenda-time))
                                 (number-sequence 1 (bench-given :repetitions))))))
       (entries (bench-entries)))
  (kill-buffer org-agenda-buffer-name)
  (bench-tell :first first :times times :entries entries
              :opening (bench-closed (lambda () (bench-time (lambda () (find-file bench-log)))))
              :closed (bench-closed #'bench-agenda-time)))

;;; agenda.el ends here
