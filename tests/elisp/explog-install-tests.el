;;; explog-install-tests.el --- Tests of installing the server  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; The machines that an installation meets: programs called python3 that
;; are too old, or a shim, or none; a folder that cannot be written; and
;; an Emacs that is closed in the middle.  That it works where all is
;; well is for the end-to-end tests to show, which have the packages.

;;; Code:

(require 'explog-test)
(require 'explog-install)

(defmacro explog-install-tests--with (programs &rest body)
  "Do BODY where PROGRAMS, an alist of names and shell scripts, are on the path.
The installation goes into the folder `inst' of the test's own."
  (declare (indent 1) (debug t))
  `(explog-test-in-folder
     (let* ((bin (expand-file-name "bin/" explog-test-folder))
            (explog-server-directory (expand-file-name "inst/" explog-test-folder))
            (explog-install-python nil)
            (explog-install-source nil)
            (path (default-value 'exec-path))
            (display-buffer-overriding-action
             '(display-buffer-no-window (allow-no-window . t))))
       (make-directory bin)
       (pcase-dolist (`(,name . ,script) ,programs)
         (let ((file (expand-file-name name bin)))
           (write-region (concat "#!/bin/sh\n" script "\n") nil file nil 'silent)
           (set-file-modes file #o755)))
       (unwind-protect
           (progn
             (setq-default exec-path (list bin))
             ,@body)
         (setq-default exec-path path)
         (explog-install--abandon)))))

(defun explog-install-tests--run ()
  "Install, wait for the end, and return the last thing that was said."
  (let ((inhibit-message t))
    (explog-install-server)
    (with-timeout (20 (ert-fail "It does not end"))
      (while explog-install--current
        (accept-process-output nil 0.02)))
    (with-current-buffer explog-install--buffer
      (car (last (split-string (buffer-string) "\n" t))))))

(defun explog-install-tests--left ()
  "Return the names of what is in the folder that is installed into."
  (directory-files explog-server-directory nil directory-files-no-dot-files-regexp))

(defconst explog-install-tests--messages
  '((("python3" . "echo 3.9.2; exit 3")
     "python3 is Python 3.9.2")
    (("python3" . "echo 'pyenv: python3: command not found' >&2; exit 127")
     "python3 is a shim of pyenv for which no version is set")
    (("python3" . "echo \"ModuleNotFoundError: No module named 'ensurepip'\" >&2; exit 1")
     "python3 has no venv (on Debian and Ubuntu that is the package python3-venv)")
    (("python3" . "echo 'Illegal instruction' >&2; exit 132")
     "python3 does not work: Illegal instruction"))
  "What a program called python3 does, and what is said of it.")

(ert-deftest explog-install-says-why-a-python-will-not-do ()
  (pcase-dolist (`(,program ,words) explog-install-tests--messages)
    (explog-install-tests--with (list program)
      ;; A real one elsewhere is another matter.
      (cl-letf (((symbol-function 'explog-install--pythons) (lambda () '("python3"))))
        (let ((said (explog-install-tests--run)))
          (should (string-search words said))
          (should (string-search "3.11 or newer, or uv" said))
          (should-not (explog-install-tests--left)))))))

(ert-deftest explog-install-says-that-there-is-no-python ()
  (explog-install-tests--with nil
    (cl-letf (((symbol-function 'explog-install--pythons) #'ignore))
      (should (string-search "there is no Python on the path"
                             (explog-install-tests--run)))
      (should-not (explog-install-tests--left)))))

(ert-deftest explog-install-tries-one-python-after-the-other ()
  (explog-install-tests--with '(("python3" . "echo 3.8.1; exit 3")
                                ("python3.12" . "test \"$2\" != venv && echo 3.12.1"))
    (let ((said (explog-install-tests--run)))
      (should (string-search "making an environment with python3.12 failed" said)))))

(ert-deftest explog-install-shows-what-uv-said ()
  (explog-install-tests--with '(("uv" . "echo 'error: no route to host' >&2; exit 2"))
    (should (string-search "failed: error: no route to host"
                           (explog-install-tests--run)))
    (should-not (explog-install-tests--left))))

(ert-deftest explog-install-refuses-another-version ()
  (explog-install-tests--with
      `(("uv" . ,(concat "test \"$1\" = venv && /bin/mkdir -p \"$5/bin\" && "
                         "printf '#!/bin/sh\\necho explog, version 9.9.9\\n' >\"$5/bin/explog\" && "
                         "/bin/chmod +x \"$5/bin/explog\"; exit 0")))
    (let ((said (explog-install-tests--run)))
      (should (string-search "9.9.9" said))
      (should (string-search explog-version said))
      (should-not (explog-install-tests--left)))))

(ert-deftest explog-install-needs-a-folder-that-can-be-written ()
  (explog-install-tests--with nil
    (write-region "" nil (expand-file-name "inst" explog-test-folder) nil 'silent)
    (let ((err (should-error (explog-install-server) :type 'user-error)))
      (should (string-search "explog-server-directory" (cadr err)))
      (should-not explog-install--current))
    (let* ((explog-server-directory "/ssh:nowhere:/home/ada/")
           (err (should-error (explog-install-server) :type 'user-error)))
      (should (string-search "another machine" (cadr err))))))

(ert-deftest explog-install-needs-a-source ()
  (explog-install-tests--with nil
    (let ((explog-source-folder explog-test-folder))
      (should (string-search "explog-install-source"
                             (cadr (should-error (explog-install-server)
                                                 :type 'user-error)))))
    (let ((explog-install-source "/nowhere/explog"))
      (should-error (explog-install-server) :type 'user-error))
    (should-not (file-exists-p explog-server-directory))))

(ert-deftest explog-install-can-be-cancelled ()
  (explog-install-tests--with '(("uv" . "exec /bin/sleep 60"))
    (let ((inhibit-message t)
          (default-directory "/ssh:nowhere:/")) ; is never gone to
      (explog-install-server)
      (should (length= (explog-install-tests--left) 1))
      (should-error (save-window-excursion (explog-install-server)) :type 'user-error)
      (let ((process (explog-install--job-process explog-install--current)))
        (should (process-live-p process))
        (with-current-buffer explog-install--buffer
          (call-interactively (key-binding (kbd "C-c C-k"))))
        (should-not (process-live-p process)))
      (should-not (explog-install-tests--left))
      (should-not (memq #'explog-install--abandon kill-emacs-hook))
      (should-error (explog-install-cancel) :type 'user-error))))

(ert-deftest explog-install-leaves-nothing-when-emacs-ends ()
  (explog-install-tests--with '(("uv" . "exec /bin/sleep 60"))
    (let ((form `(let ((display-buffer-overriding-action
                        '(display-buffer-no-window (allow-no-window . t))))
                   (require 'explog-install)
                   (setq explog-server-directory ,explog-server-directory)
                   (setq-default exec-path '(,bin))
                   (explog-install-server)
                   (write-region "" nil ,(expand-file-name "begun" explog-test-folder))
                   (kill-emacs))))
      (call-process (expand-file-name invocation-name invocation-directory) nil nil nil
                    "-Q" "--batch" "-L" (expand-file-name "elisp" explog-test-root)
                    "--eval" (prin1-to-string form))
      (should (file-exists-p (expand-file-name "begun" explog-test-folder)))
      (should-not (explog-install-tests--left)))))

(ert-deftest explog-install-sweeps-what-is-old ()
  (explog-install-tests--with nil
    (dolist (name '("server-0.1.0-old" "server-0.1.0-new" "server-0.1.0-used" "other"))
      (make-directory (expand-file-name name explog-server-directory) t)
      (unless (equal name "server-0.1.0-new")
        (set-file-times (expand-file-name name explog-server-directory)
                        (time-subtract nil 7200))))
    (explog-install--sweep '("server-0.1.0-used" nil))
    (should (equal '("other" "server-0.1.0-new" "server-0.1.0-used")
                   (explog-install-tests--left)))))

(ert-deftest explog-install-versions-agree ()
  (should (equal explog-version
                 (with-temp-buffer
                   (insert-file-contents
                    (expand-file-name "elisp/explog.el" explog-test-root))
                   (require 'lisp-mnt)
                   (lm-header "version"))))
  (should (with-temp-buffer
            (insert-file-contents
             (expand-file-name "server/explog/__init__.py" explog-test-root))
            (search-forward (format "__version__ = \"%s\"" explog-version) nil t))))

(provide 'explog-install-tests)
;;; explog-install-tests.el ends here
