;;; commit.el --- When hashes come to a buffer  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; For commits.py: visits a log with `explog-mode' on, and after each
;; change writes the time and the hashes that now stand on the steps.

;;; Code:

(require 'bench)
(require 'explog)
(require 'org)

(defvar explog-server-command)

(defun bench-area ()
  "Return the beginning and the end of the experiments to watch, as markers."
  (goto-char (point-min))
  (search-forward (format "[%d]" (bench-given :first)))
  (let ((start (copy-marker (line-beginning-position))))
    (goto-char (point-max))
    (search-backward "Bench try")
    (forward-line 2)
    (list start (copy-marker (point) t))))

(defun bench-write (area)
  "Write the time, and the hashes in AREA."
  (let ((line (format "%.4f" (float-time))))
    (goto-char (nth 0 area))
    (while (re-search-forward "Bench try.*(\\([0-9a-f]+\\))$" (nth 1 area) t)
      (setq line (concat line " " (match-string 1))))
    (send-string-to-terminal (concat line "\n"))))

(setq explog-server-command (bench-given :server)
      explog-logs (bench-given :logs)
      explog-repositories (bench-given :repositories))
(find-file (bench-given :log))
(explog-mode 1)
(require 'explog-server)
(bench-wait-ready)
(bench-wait-indexed (bench-given :commits) (bench-given :experiments))
(let ((area (bench-area))
      (tick (buffer-chars-modified-tick)))
  (send-string-to-terminal "ready\n")
  (while (not (file-exists-p (bench-given :stop)))
    (accept-process-output nil 0.003)
    (unless (= tick (buffer-chars-modified-tick))
      (setq tick (buffer-chars-modified-tick))
      (bench-write area))))
(explog-mode -1)

;;; commit.el ends here
