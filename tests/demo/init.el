;;; init.el --- The Emacs of the demo  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The second half of `make demo'.  An experiment is captured and a commit
;; for it is made in a shell, and the commit's hash appears in the log.
;; Then in a terminal a tour goes on: a window says which keys to press,
;; and ticks what was done.  In batch the commit is amended as well, and
;; what happened is printed.

;;; Code:

(load (expand-file-name "../elisp/init.el" (file-name-directory load-file-name))
      nil t)
(require 'explog)
(require 'org)
(require 'org-agenda)
(require 'seq)

(defconst explog-demo-folder
  (file-name-as-directory (or (getenv "EXPLOG_DEMO") (error "Run make demo")))
  "The folder of the demo.")

(defconst explog-demo-model
  (expand-file-name "repositories/model/" explog-demo-folder)
  "The repository in which commits are made.")

(defconst explog-demo-log
  (expand-file-name "experiment_log.org" explog-demo-folder)
  "The log.")

;; What a user of explog has in her init file.
(global-set-key (kbd "C-c a") #'org-agenda)
(global-set-key (kbd "C-c c") #'org-capture)
(setq explog-logs (list explog-demo-log)
      explog-repositories
      (list (cons (expand-file-name "repositories" explog-demo-folder) 1)))

;; What makes a demo easy to follow.
(setq org-startup-folded 'showall
      org-agenda-window-setup 'current-window
      org-agenda-restore-windows-after-quit t
      inhibit-startup-screen t
      use-short-answers t)
(menu-bar-mode -1)

;;;; What happens in the demo

(defun explog-demo-capture ()
  "Capture an experiment by the keys that a user would press."
  (execute-kbd-macro
   (vconcat (kbd "M-x explog-capture RET RET")
            "Twice the data for XYZ" (kbd "RET")
            "data" (kbd "RET")
            "Does XYZ get better with more of the same?" (kbd "RET")
            "Train XYZ on twice the data" (kbd "C-c C-c"))))

(defun explog-demo-shell (command)
  "Run COMMAND by a shell in the model's repository, and do not wait."
  (message "$ %s" command)
  (let ((default-directory explog-demo-model)
        (process-connection-type nil))
    (make-process :name "demo" :buffer (get-buffer-create "*demo shell*")
                  :noquery t :command (list "sh" "-c" command))))

(defun explog-demo-commit-command (id step text)
  "Return the shell command that commits results, TEXT, for STEP of ID."
  (format "date >>results.txt && git commit -qam %s"
          (explog-demo--quote (format "[e%s.%s] Results- %s" id step text))))

(defun explog-demo-amend-command (subject)
  "Return the shell command that amends the last commit to SUBJECT."
  (format "git commit -q --amend -m %s" (explog-demo--quote subject)))

(defun explog-demo--quote (text)
  "Return TEXT in single quotes for a shell, as a user would write it."
  (concat "'" (string-replace "'" "" text) "'"))

(defconst explog-demo--step
  (concat "^\\* .*?\\[\\([0-9]+\\)\\]"
          "\\|^\\([0-9]+\\)\\. \\[\\(.\\)\\] +"
          "\\(.*?\\)\\(?: (\\([0-9a-f]\\{7,\\}\\))\\)?$")
  "The heading of an experiment, or a step, as a regular expression.")

(defun explog-demo-steps ()
  "Return a list of (ID STEP BOX TEXT HASH) of all steps in the log."
  (with-current-buffer (find-file-noselect explog-demo-log)
    (save-excursion
      (save-restriction
        (widen)
        (goto-char (point-min))
        (let (id steps)
          (while (re-search-forward explog-demo--step nil t)
            (if (match-string 1)
                (setq id (match-string-no-properties 1))
              (push (cons id (mapcar #'match-string-no-properties '(2 3 4 5)))
                    steps)))
          (nreverse steps))))))

(defun explog-demo-train ()
  "Have a shell commit results for the first open step of the last experiment."
  (interactive)
  (let* ((open (seq-filter (lambda (step) (equal (nth 2 step) " "))
                           (explog-demo-steps)))
         (id (caar (last open))))
    (unless open
      (user-error "No step is open; C-c c e makes an experiment with one"))
    (pcase-let ((`(,id ,step ,_ ,text ,_) (assoc id open)))
      (explog-demo-shell (explog-demo-commit-command id step text)))))

(defun explog-demo-reword ()
  "Have a shell reword the last commit."
  (interactive)
  (let* ((default-directory explog-demo-model)
         (subject (car (process-lines "git" "log" "-1" "--format=%s"))))
    (explog-demo-shell
     (explog-demo-amend-command (concat subject ", reworded")))))

(load (expand-file-name (if noninteractive "batch.el" "tour.el")
                        (file-name-directory load-file-name))
      nil t)
;;; init.el ends here
