;;; init.el --- An Emacs of its own for the tests  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; Every Emacs that tests or lints explog loads this file first:
;;
;;     emacs -Q -l tests/elisp/init.el ...
;;
;; It puts elisp/ on `load-path', gives Emacs a home that nobody else
;; uses, and makes magit and package-lint loadable where they are
;; installed: by Debian, or in the folders that EXPLOG_ELPA names.
;; With EXPLOG_WITHOUT_MAGIT in the environment, magit stays out.

;;; Code:

(require 'package)

(defconst explog-test-root
  (expand-file-name
   (locate-dominating-file (or load-file-name buffer-file-name)
                           "pyproject.toml"))
  "The folder of the checkout, with a slash at the end.")

(defun explog-test--temporary-home ()
  "Make a home folder that goes away with this Emacs, and return it."
  (let ((home (make-temp-file "explog-home-" t)))
    (add-hook 'kill-emacs-hook
              (lambda ()
                (ignore-errors (delete-directory home t)))
              90)
    home))

(defun explog-test--isolate ()
  "Move HOME, the XDG folders and all of Emacs's own files to a new folder.
Under pytest that is the home of the test."
  (let ((home (or (getenv "EXPLOG_TEST_HOME")
                  (explog-test--temporary-home))))
    ;; In a checkout below the old home these begin with a tilde.
    (setq default-directory (expand-file-name default-directory)
          command-line-default-directory
          (expand-file-name command-line-default-directory))
    (setenv "HOME" home)
    (dolist (variable '("XDG_CONFIG_HOME" "XDG_DATA_HOME" "XDG_CACHE_HOME"
                        "XDG_STATE_HOME"))
      (unless (string-prefix-p home (or (getenv variable) ""))
        (setenv variable (expand-file-name (downcase variable) home))))
    (setq user-emacs-directory (expand-file-name ".emacs.d/" home)
          package-user-dir (expand-file-name "elpa" user-emacs-directory)
          custom-file (expand-file-name "custom.el" user-emacs-directory)
          abbreviated-home-dir nil)
    (make-directory user-emacs-directory t)
    (when (boundp 'native-comp-eln-load-path)
      (setq native-comp-eln-load-path
            (append (explog-test--native-code-folders)
                    (cdr native-comp-eln-load-path))))))

(defun explog-test--native-code-folders ()
  "Return the folders for native code; Emacs writes to the first.
Under pytest they outlive the test, as EXPLOG_TEST_ELN says."
  (or (split-string (or (getenv "EXPLOG_TEST_ELN") "") path-separator t)
      (list (expand-file-name "eln-cache/" user-emacs-directory))))

(defun explog-test--package-folders ()
  "Return the folders in which to look for installed packages."
  (append (split-string (or (getenv "EXPLOG_ELPA") "") path-separator t)
          '("/usr/share/emacs/site-lisp/elpa")))

(defun explog-test--activate (package)
  "Make PACKAGE and what it needs loadable, if it is installed."
  (when (assq package package-alist)
    (package-activate package)))

;; Files that a test visits leave nothing behind, and nothing that runs
;; for minutes in the background is started for a home that lasts seconds.
(setq make-backup-files nil
      auto-save-default nil
      native-comp-async-report-warnings-errors nil)
(defvar native-comp-deferred-compilation)
(defvar native-comp-jit-compilation)
(setq native-comp-deferred-compilation nil ; Emacs 28
      native-comp-jit-compilation nil)     ; Emacs 29

(setq load-prefer-newer t)
(let ((folders (explog-test--package-folders)))
  (explog-test--isolate)
  (setq package-directory-list folders
        package-enable-at-startup nil)
  (package-initialize 'no-activate))
(unless (getenv "EXPLOG_WITHOUT_MAGIT")
  (explog-test--activate 'magit))
(explog-test--activate 'package-lint)
(add-to-list 'load-path (expand-file-name "elisp" explog-test-root))
(add-to-list 'load-path (expand-file-name "tests/elisp" explog-test-root))

(provide 'init)
;;; init.el ends here
