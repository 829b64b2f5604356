;;; explog-install.el --- Install the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; `explog-install-server' makes a Python environment for the server, and
;; installs the program into it that came with this package, so that both
;; have the same version.  The program is never installed by name from a
;; package index, where that name may belong to somebody else.
;;
;; Processes in the background do this, one after the other.  The
;; environment is made in a new folder.  The server is started through a
;; symbolic link, which is set to the new folder at the very end, so an
;; incomplete environment is never used.
;;
;;     explog/server -> server-0.1.0-x7Ya2k/
;;
;; A job ends when it is done, when a process fails, when the user cancels
;; it, or with Emacs.  Unless it is done, its folder is deleted then.

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
  "The job that is running, or nil.")

;;;; Processes

(defun explog-install--find (program)
  "Return the file name of PROGRAM on this machine's path, or nil."
  (let ((exec-path (default-value 'exec-path))
        (default-directory "/"))
    (executable-find program)))

(defun explog-install--environment ()
  "Return a process environment without settings of other environments."
  (seq-remove (lambda (setting)
                (string-match-p
                 (rx bos (or "PYTHONHOME" "PYTHONPATH" "PIP_USER" "PIP_TARGET" "PIP_PREFIX"
                             "VIRTUAL_ENV" "UV_PROJECT_ENVIRONMENT" "UV_SYSTEM_PYTHON")
                     "=")
                 setting))
              (default-value 'process-environment)))

(defun explog-install--step (what command next &optional otherwise)
  "Run COMMAND, which does WHAT, then call NEXT.
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
    (setf (explog-install--job-start job) (with-current-buffer (get-buffer-create explog-install--buffer)
            (point-max)))
    (condition-case err
        (setf (explog-install--job-process job)
              (make-process :name "explog install" :command command :noquery t
                            :connection-type 'pipe
                            :filter (lambda (_ text) (explog-install--append "%s" text))
                            :sentinel (lambda (process _)
                                        (explog-install--ended job process next fail))))
      (error (funcall fail nil (error-message-string err))))))

(defun explog-install--shown (command)
  "Return COMMAND for display, without the text of programs in it."
  (mapconcat (lambda (word)
               (if (string-search "\n" word) "..." (shell-quote-argument word)))
             command " "))

(defun explog-install--ended (job process next fail)
  "Continue JOB, whose PROCESS has ended, with NEXT or FAIL."
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
  "Forget the job that is running, and return it."
  (remove-hook 'kill-emacs-hook #'explog-install--abandon)
  (prog1 explog-install--current
    (setq explog-install--current nil)))

(defun explog-install-cancel ()
  "Cancel the installation that is running, and delete its files."
  (interactive)
  (unless explog-install--current
    (user-error "No installation is running"))
  (explog-install--fail "it was cancelled"))

(defun explog-install--abandon ()
  "Cancel the job that is running, if there is one, and delete its files."
  (when-let ((job (explog-install--end)))
    (when (processp (explog-install--job-process job))
      (delete-process (explog-install--job-process job)))
    (explog-install--delete (explog-install--job-folder job))))

(defun explog-install--fail (why)
  "Cancel the job that is running because of WHY, and tell the user."
  (explog-install--abandon)
  (explog-install--say "the server is not installed: %s" why)
  (run-hooks 'explog-install-done-hook))

(defun explog-install--delete (folder)
  "Delete FOLDER, or log why that failed."
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
  "Return an empty buffer for installing SOURCE into FOLDER."
  (with-current-buffer (get-buffer-create explog-install--buffer)
    (explog-install-mode)
    (let ((inhibit-read-only t))
      (erase-buffer)
      (insert (format "explog %s from %s\ninto %s\n\n" explog-version
                      (abbreviate-file-name source) (abbreviate-file-name folder))))
    (current-buffer)))

(defun explog-install--append (format &rest args)
  "Append FORMAT with ARGS to the installation's buffer, and show its end."
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
  "Return the output of the last process."
  (with-current-buffer (get-buffer-create explog-install--buffer)
    (buffer-substring-no-properties
     (min (point-max) (explog-install--job-start explog-install--current))
     (point-max))))

(defun explog-install--say (format &rest args)
  "Show FORMAT with ARGS as a message and in the installation's buffer."
  (let ((text (apply #'format-message format args)))
    (explog-install--append "\nexplog: %s\n" text)
    (message "explog: %s" text)))

;;;; Options

(defcustom explog-install-python nil
  "The Python for the server's environment; nil to find one.
It must have version 3.11 or newer."
  :type '(choice (const :tag "Find one" nil) file)
  :group 'explog)

(defcustom explog-install-source nil
  "The folder or archive of explog's source that is installed.
If nil, it is the one that this package came with."
  :type '(choice (const :tag "What came with the package" nil) file)
  :group 'explog)

;;;; The command

;;;###autoload
(defun explog-install-server ()
  "Install the explog server in the background.
Make an environment in `explog-server-directory', with uv if that is
installed and with Python's venv otherwise, and start the server when it
is complete."
  (interactive)
  (when explog-install--current
    (pop-to-buffer explog-install--buffer)
    (user-error "An installation is running; C-c C-k here cancels it"))
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
  "Return the source to install, or signal an error."
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
  "Return the names of programs that may be Python."
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
  "Install with the first of PYTHONS that is suitable.
REASONS tell why the ones before it are not, newest first."
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
  "Return why PYTHON, which ended with STATUS and OUTPUT, is not suitable."
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
  "Return a message that no Python is suitable, with REASONS."
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
  "Install the program and its dependencies with COMMAND."
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
  "Use the new environment if it has this package's version."
  (let ((output (explog-install--output)))
    (if (string-match-p (format "\\_<%s\\_>" (regexp-quote explog-version)) output)
        (explog-install--switch)
      (explog-install--fail
       (format "the source is of %s, and this package of version %s"
               (string-trim output) explog-version)))))

(defun explog-install--switch ()
  "Set the symbolic link to the new environment."
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

(defvar explog-install-done-hook nil
  "Normal hook run when a server was installed, or that failed.")

(defun explog-install--use ()
  "Start the installed server, and tell the user what to do next."
  (let ((program (explog-server-installed-program))
        (first (car (ignore-errors (explog-server-find-command)))))
    (explog-install--say
     "%s"
     (if (equal program first)
         (format "the server %s is installed%s" explog-version (explog-install--next))
       (format "the server %s is installed, but %s is used before it; see `explog-server-command'"
               explog-version first)))
    (when explog-mode
      (explog-restart))
    (run-hooks 'explog-install-done-hook)))

(defun explog-install--next ()
  "Return what to do after an installation, behind a semicolon."
  (cond ((not (explog-configured-p))
         "; next, set `explog-logs' and `explog-repositories': M-x explog-doctor has buttons for them")
        ((not explog-mode) "; next, M-x explog-mode")
        (t "; it starts now, and M-x explog-doctor says what it finds")))

(defun explog-install--sweep (keep)
  "Delete old environments, except those named KEEP.
Those less than an hour old are kept, because another Emacs may be
installing; and the previous one may be in use."
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

;; With evil and meow as well.
(explog-keep-keys 'explog-install-mode explog-install-mode-map)

(provide 'explog-install)
;;; explog-install.el ends here
