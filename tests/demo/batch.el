;;; batch.el --- The demo, without a terminal  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Does what a user would do in the Emacs of the demo, and prints it.
;; An error ends this Emacs with a status other than 0.

;;; Code:

(declare-function explog-demo-amend-command "init" (subject))
(declare-function explog-demo-capture "init" ())
(declare-function explog-demo-commit-command "init" (id step text))
(declare-function explog-demo-shell "init" (command))
(declare-function explog-demo-steps "init" ())
(declare-function explog-server-ready-p "explog-server" ())
(declare-function explog-mode "explog" (&optional arg))
(defvar explog-demo-log)

(defun explog-demo-say (format &rest args)
  "Print a line, FORMAT with ARGS, on standard output."
  (princ (concat (apply #'format format args) "\n")))

(defun explog-demo-wait (what predicate)
  "Wait until PREDICATE gives a value; return that.
WHAT says in the error message what did not come."
  (let ((start (float-time)) value)
    (while (not (setq value (funcall predicate)))
      (when (> (- (float-time) start) 15)
        (error "%s within 15 seconds.  *explog stderr* ends with:\n%s"
               what (explog-demo-last-words)))
      (accept-process-output nil 0.01))
    value))

(defun explog-demo-last-words ()
  "Return the last lines that the server wrote to its standard error."
  (with-current-buffer (get-buffer-create "*explog stderr*")
    (goto-char (point-max))
    (forward-line -10)
    (buffer-substring (point) (point-max))))

(defun explog-demo-line (regexp)
  "Return the last line of the current buffer that matches REGEXP."
  (goto-char (point-max))
  (re-search-backward regexp)
  (string-trim (buffer-substring-no-properties (line-beginning-position)
                                               (line-end-position))))

(defun explog-demo-hash ()
  "Return the hash on the step of the last experiment, or nil."
  (nth 4 (car (last (explog-demo-steps)))))

(defun explog-demo-git (command)
  "Run COMMAND, which commits, and wait until the log has another hash, saved."
  (explog-demo-say "$ %s" command)
  (let* ((start (float-time))
         (old (explog-demo-hash))
         (process (explog-demo-shell command)))
    (explog-demo-wait "The commit did not end"
                      (lambda () (not (process-live-p process))))
    (unless (zerop (process-exit-status process))
      (error "It failed: %s"
             (with-current-buffer "*demo shell*" (buffer-string))))
    (explog-demo-wait "No new hash came into the log"
                      (lambda ()
                        (and (not (equal old (explog-demo-hash)))
                             (not (buffer-modified-p
                                   (find-buffer-visiting explog-demo-log))))))
    (explog-demo-say "  %.2f s later the log says  %s" (- (float-time) start)
                     (explog-demo-line (regexp-quote (explog-demo-hash))))))

(defun explog-demo-story ()
  "Capture an experiment, commit its results, amend the commit, ask the agenda."
  (explog-mode 1)
  (switch-to-buffer (find-file-noselect explog-demo-log))
  (explog-demo-wait "The server was not ready" #'explog-server-ready-p)
  (explog-demo-capture)
  (pcase-let ((`(,id ,step ,_ ,text ,_) (car (last (explog-demo-steps)))))
    (explog-demo-say "In Emacs: M-x explog-capture")
    (explog-demo-say "  the log has a new entry    %s"
                     (explog-demo-line "^\\* "))
    (explog-demo-say "  with the step              %s"
                     (explog-demo-line "^1\\. "))
    (explog-demo-git (explog-demo-commit-command id step text))
    (explog-demo-git (explog-demo-amend-command
                      (format "[e%s.%s] Results- %s, again" id step text))))
  (explog-demo-say "In Emacs: C-c a c a")
  (org-agenda nil "ca")
  (dolist (line (cdr (split-string (buffer-string) "\n" t)))
    (explog-demo-say "  %s" (string-trim (substring-no-properties line)))))

(condition-case problem
    (let ((inhibit-message t))
      (explog-demo-story))
  (error (message "%s" (error-message-string problem))
         (kill-emacs 1)))
;;; batch.el ends here
