;;; explog-install-job.el --- The processes of an installation  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What `explog-install-server' does it does by processes in the
;; background, one after the other.  Here they are run, and what they
;; write is shown.  What they are is not known here.
;;
;; A job is over when it is done, when a step fails, when the user ends
;; it, or with Emacs; but for the first the folder that it made is gone
;; then.

;;; Code:

(require 'explog)
(require 'cl-lib)
(require 'seq)
(require 'subr-x)

(defconst explog-install--buffer "*explog install*"
  "The buffer with the output of an installation.")

;;;; The job

(cl-defstruct (explog-install--job (:constructor explog-install--make-job) (:copier nil))
  "An installation under way."
  (folder nil :documentation "The new environment, with a slash.")
  (source nil :documentation "What is installed.")
  (process nil :documentation "The process that runs now.")
  (start nil :documentation "Where its output begins in the buffer."))

(defvar explog-install--current nil
  "The installation that is under way, or nil.")

;;;; Processes

(defun explog-install--find (program)
  "Return the name of PROGRAM on the path of this machine, or nil."
  (let ((exec-path (default-value 'exec-path))
        (default-directory "/"))
    (executable-find program)))

(defun explog-install--environment ()
  "Return an environment without what would lead into another one."
  (seq-remove (lambda (setting)
                (string-match-p
                 (rx bos (or "PYTHONHOME" "PYTHONPATH" "PIP_USER" "PIP_TARGET" "PIP_PREFIX"
                             "VIRTUAL_ENV" "UV_PROJECT_ENVIRONMENT" "UV_SYSTEM_PYTHON")
                     "=")
                 setting))
              (default-value 'process-environment)))

(defun explog-install--step (what command next &optional otherwise)
  "Do WHAT with COMMAND, then call NEXT.
If it fails, call OTHERWISE with its exit status and output, or give up."
  (explog-install--say "%s..." what)
  (let* ((job explog-install--current)
         (default-directory "/")
         (process-environment (explog-install--environment))
         (exec-path (default-value 'exec-path))
         (fail (or otherwise
                   (lambda (_ output)
                     (explog-install--fail
                      (format "%s failed: %s" what (explog-install--last-line output)))))))
    (explog-install--append "$ %s\n" (explog-install--shown command))
    (setf (explog-install--job-start job) (explog-install--end-of-buffer))
    (condition-case err
        (setf (explog-install--job-process job)
              (make-process :name "explog install" :command command :noquery t
                            :connection-type 'pipe
                            :filter (lambda (_ text) (explog-install--append "%s" text))
                            :sentinel (lambda (process _)
                                        (explog-install--ended job process next fail))))
      (error (funcall fail nil (error-message-string err))))))

(defun explog-install--shown (command)
  "Return COMMAND as it is shown, without the text of programs in it."
  (mapconcat (lambda (word)
               (if (string-search "\n" word) "..." (shell-quote-argument word)))
             command " "))

(defun explog-install--ended (job process next fail)
  "Go on with JOB, whose PROCESS ended, by NEXT or FAIL."
  (unless (or (process-live-p process)
              (not (eq job explog-install--current)))
    (if (eql 0 (process-exit-status process))
        (funcall next)
      (funcall fail (process-exit-status process) (explog-install--output)))))

(defun explog-install--last-line (output)
  "Return the last line of OUTPUT that is not empty."
  (truncate-string-to-width
   (or (car (last (split-string output "[\r\n]+" t "[ \t]+"))) "no output") 160))

;;;; The end

(defun explog-install--end ()
  "Forget the job that is under way, and return it."
  (remove-hook 'kill-emacs-hook #'explog-install--abandon)
  (prog1 explog-install--current
    (setq explog-install--current nil)))

(defun explog-install-cancel ()
  "End the installation that is under way, and remove what it made."
  (interactive)
  (unless explog-install--current
    (user-error "No installation is under way"))
  (explog-install--fail "it was cancelled"))

(defun explog-install--abandon ()
  "End the job that is under way, if there is one, and remove what it made."
  (when-let ((job (explog-install--end)))
    (when (processp (explog-install--job-process job))
      (delete-process (explog-install--job-process job)))
    (explog-install--delete (explog-install--job-folder job))))

(defun explog-install--fail (why)
  "End the job that is under way because of WHY, and say so."
  (explog-install--abandon)
  (explog-install--say "the server is not installed: %s" why))

(defun explog-install--delete (folder)
  "Delete FOLDER, or log why that is impossible."
  (with-demoted-errors "explog: %S"
    (delete-directory folder t)))

;;;; The buffer

(defvar explog-install-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "C-c C-k") #'explog-install-cancel)
    map)
  "Keys of the buffer that shows how an installation goes.")

(define-derived-mode explog-install-mode special-mode "Explog Install"
  "Major mode of the buffer of an installation."
  (buffer-disable-undo))

(defun explog-install--new-buffer (folder source)
  "Return an empty buffer for the output; SOURCE is to go into FOLDER."
  (with-current-buffer (get-buffer-create explog-install--buffer)
    (explog-install-mode)
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert (format "explog %s from %s\ninto %s\n\n" explog-version
                      (abbreviate-file-name source) (abbreviate-file-name folder))))
    (current-buffer)))

(defun explog-install--end-of-buffer ()
  "Return the end of the buffer of the installation."
  (with-current-buffer (get-buffer-create explog-install--buffer)
    (point-max)))

(defun explog-install--append (format &rest args)
  "Add FORMAT with ARGS to the buffer of the installation, and show its end."
  (with-current-buffer (get-buffer-create explog-install--buffer)
    (let ((inhibit-read-only t)
          (windows (seq-filter (lambda (window) (= (window-point window) (point-max)))
                               (get-buffer-window-list nil nil t))))
      (save-excursion
        (goto-char (point-max))
        (insert (apply #'format format args)))
      (dolist (window windows)
        (set-window-point window (point-max))))))

(defun explog-install--output ()
  "Return what the process that ran last has written."
  (with-current-buffer (get-buffer-create explog-install--buffer)
    (buffer-substring-no-properties
     (min (point-max) (explog-install--job-start explog-install--current))
     (point-max))))

(defun explog-install--say (format &rest args)
  "Show FORMAT with ARGS in the buffer of the installation and as a message."
  (let ((text (apply #'format-message format args)))
    (explog-install--append "\nexplog: %s\n" text)
    (message "explog: %s" text)))

(provide 'explog-install-job)
;;; explog-install-job.el ends here
