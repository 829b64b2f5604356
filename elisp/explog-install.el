;;; explog-install.el --- Install the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-install-server' makes an environment for the server, of its
;; own, and installs the program there that came with this package, so
;; that both are of one version.  It is never asked for by name from an
;; index of packages, where the name may be somebody else's.
;;
;; Everything is done by processes in the background, one after the
;; other.  The environment is made in a new folder, and the symbolic link
;; by which the server is started is set to it at the very end: there is
;; no time at which half an environment could be used.
;;
;;     explog/server -> server-0.1.0-x7Ya2k/
;;
;; A job is over when it is done, when a step fails, when the user ends
;; it, or with Emacs; but for the first the folder that it made is gone
;; then.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-server)
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

;;;; Options

(defcustom explog-install-python nil
  "The Python that the server's environment is made with; nil to find one.
It has to be version 3.11 or newer."
  :type '(choice (const :tag "Find one" nil) file)
  :group 'explog)

(defcustom explog-install-source nil
  "What is installed: a folder or an archive with the source of explog.
If nil, it is the one that this package came with."
  :type '(choice (const :tag "What came with the package" nil) file)
  :group 'explog)

;;;; The command

;;;###autoload
(defun explog-install-server ()
  "Install the explog server in the background.
It goes into a folder of its own in `explog-server-directory', made with
uv if that is there and with Python's own venv otherwise, and is started
when it is complete."
  (interactive)
  (when explog-install--current
    (pop-to-buffer explog-install--buffer)
    (user-error "An installation is under way; C-c C-k here ends it"))
  (let* ((source (explog-install--source))
         (folder (explog-install--new-folder)))
    (setq explog-install--current
          (explog-install--make-job :folder folder :source source))
    (add-hook 'kill-emacs-hook #'explog-install--abandon)
    (display-buffer (explog-install--new-buffer folder source))
    (if-let ((uv (explog-install--find "uv")))
        (explog-install--with-uv uv)
      (explog-install--with-python (explog-install--pythons) nil))))

(defun explog-install--source ()
  "Return what is to be installed, or signal an error."
  (or (and explog-install-source
           (let ((source (expand-file-name explog-install-source)))
             (if (and (not (file-remote-p source)) (file-readable-p source))
                 source
               (user-error "%s cannot be read; see `explog-install-source'" source))))
      (explog-server-source)
      (user-error "The source of the server did not come with %s; \
set `explog-install-source' to a checkout of explog"
                  explog-source-folder)))

(defun explog-install--new-folder ()
  "Make a folder for a new environment and return its name, with a slash."
  (let ((parent (expand-file-name explog-server-directory)))
    (when (file-remote-p parent)
      (user-error "%s is on another machine; see `explog-server-directory'" parent))
    (condition-case err
        (progn
          (make-directory parent t)
          (file-name-as-directory
           (make-temp-file (expand-file-name (format "server-%s-" explog-version) parent)
                           t)))
      (file-error
       (user-error "%s cannot be written (%s); set `explog-server-directory' to a folder that can"
                   (abbreviate-file-name parent)
                   (downcase (or (caddr err) (cadr err))))))))

;;;; The steps

(defconst explog-install--check
  "import sys
print('%d.%d.%d' % sys.version_info[:3])
if sys.version_info < (3, 11): sys.exit(3)
import ensurepip, sqlite3, ssl, venv"
  "What a Python has to be able to do, in Python.")

(defun explog-install--pythons ()
  "Return the names of programs that may be a Python."
  (if explog-install-python
      (list (expand-file-name explog-install-python))
    (seq-filter #'explog-install--find
                '("python3" "python3.14" "python3.13" "python3.12" "python3.11"
                  "python" "/usr/bin/python3"))))

(defun explog-install--with-uv (uv)
  "Install with the program UV."
  (let ((folder (explog-install--job-folder explog-install--current)))
    (explog-install--step
     "making an environment with uv"
     `(,uv "venv" "--allow-existing" "--python" ,(or explog-install-python ">=3.11") ,folder)
     (lambda ()
       (explog-install--packages
        ;; What uv keeps of a folder is what it was when it last looked.
        (list uv "pip" "install" "--refresh-package" "explog"
              "--python" (concat folder "bin/python")))))))

(defun explog-install--with-python (pythons reasons)
  "Install with the first of PYTHONS that can.
REASONS are why those before could not, newest first."
  (if (null pythons)
      (explog-install--fail (explog-install--no-python (reverse reasons)))
    (let ((python (car pythons)))
      (explog-install--step
       (format "trying %s" python)
       (list python "-c" explog-install--check)
       (lambda ()
         (explog-install--with-venv python))
       (lambda (status output)
         (explog-install--with-python
          (cdr pythons)
          (cons (explog-install--why-not python status output) reasons)))))))

(defun explog-install--why-not (python status output)
  "Return why PYTHON, that ended with STATUS and OUTPUT, cannot be used."
  (let ((line (string-trim (car (last (split-string (string-trim output) "\n"))))))
    (cond ((eql status 3)
           (format "%s is Python %s" python line))
          ((string-match-p "pyenv:" output)
           (format "%s is a shim of pyenv for which no version is set" python))
          ((string-match-p "No module named '?\\(?:ensurepip\\|venv\\)" output)
           (format "%s has no venv (on Debian and Ubuntu that is the package python3-venv)"
                   python))
          (t (format "%s does not work: %s" python
                     (truncate-string-to-width line 120))))))

(defun explog-install--no-python (reasons)
  "Return what to say when no Python will do, for REASONS."
  (concat "it takes Python 3.11 or newer, or uv, and "
          (if reasons (string-join (delete-dups reasons) "; ")
            "there is no Python on the path that Emacs has")
          ".  Install one, or set `explog-install-python'"))

(defun explog-install--with-venv (python)
  "Install with PYTHON and its venv."
  (let ((folder (explog-install--job-folder explog-install--current)))
    (explog-install--step
     (format "making an environment with %s" python)
     (list python "-m" "venv" folder)
     (lambda ()
       (explog-install--packages
        (list (concat folder "bin/python") "-m" "pip" "install" "--no-input"
              "--disable-pip-version-check"))))))

(defun explog-install--packages (command)
  "Install the program and what it needs with COMMAND."
  (explog-install--step
   "installing packages"
   (append command (list (explog-install--job-source explog-install--current)))
   (lambda ()
     (explog-install--step
      "trying the server"
      (list (concat (explog-install--job-folder explog-install--current) "bin/explog")
            "--version")
      #'explog-install--finish))))

(defun explog-install--finish ()
  "Use the new environment if what it has is of our version."
  (let ((output (explog-install--output)))
    (if (string-match-p (format "\\_<%s\\_>" (regexp-quote explog-version)) output)
        (explog-install--switch)
      (explog-install--fail
       (format "the source is of %s, and this package of version %s"
               (string-trim output) explog-version)))))

(defun explog-install--switch ()
  "Have the server be started from the new environment from now on."
  (let* ((folder (explog-install--job-folder explog-install--current))
         (link (expand-file-name "server" explog-server-directory))
         (previous (file-symlink-p link))
         (temporary (concat (directory-file-name folder) ".link")))
    (condition-case err
        (progn
          (make-symbolic-link (file-name-nondirectory (directory-file-name folder))
                              temporary t)
          (rename-file temporary link t))
      (file-error
       (ignore-errors (delete-file temporary))
       (explog-install--fail (error-message-string err)))
      (:success
       (explog-install--end)
       (explog-install--sweep (list folder previous))
       (explog-install--use)))))

(defun explog-install--use ()
  "Start the server that was installed, and say so."
  (let ((program (explog-server-installed-program))
        (first (car (ignore-errors (explog-server-find-command)))))
    (explog-install--say
     "%s"
     (if (equal program first)
         (format "the server %s is installed" explog-version)
       (format "the server %s is installed, but %s is used before it; see `explog-server-command'"
               explog-version first)))
    (when explog-mode
      (explog-restart))))

(defun explog-install--sweep (keep)
  "Delete old environments but those named KEEP.
One that is newer than an hour may be that of another Emacs which is
installing now, and the one before may be in use."
  (let ((keep (mapcar (lambda (name)
                        (and name (file-name-nondirectory (directory-file-name name))))
                      keep)))
    (pcase-dolist (`(,name . ,attributes)
                   (directory-files-and-attributes
                    (expand-file-name explog-server-directory) nil "\\`server-" t))
      (when (and (eq t (file-attribute-type attributes))
                 (not (member name keep))
                 (time-less-p 3600 (time-since (file-attribute-modification-time attributes))))
        (explog-install--delete (expand-file-name name explog-server-directory))))))

(provide 'explog-install)
;;; explog-install.el ends here
