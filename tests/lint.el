;;; lint.el --- Check the Emacs Lisp files  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; emacs -Q --batch -l tests/elisp/init.el -l tests/lint.el elisp/*.el
;;
;; Each file is byte-compiled in an Emacs of its own, with warnings as
;; errors, once with magit and once without; then checkdoc and
;; package-lint look at it.  Exits 1 if anything was found.  No network
;; is needed, and nothing is written into the checkout.

;;; Code:

(require 'checkdoc)
(require 'lisp-mnt)
(require 'package-lint)

(defconst explog-lint-main-file
  (expand-file-name "elisp/explog.el" explog-test-root)
  "The file whose headers speak for the whole package.")

(defvar explog-lint-count 0
  "How many problems were found.")

(defun explog-lint-report (file line message)
  "Say that FILE has at LINE the problem that MESSAGE tells."
  (setq explog-lint-count (1+ explog-lint-count))
  (message "%s:%d: %s"
           (file-relative-name file explog-test-root) line message))

;;; Compilation

(defconst explog-lint-compile
  '(progn
     (setq byte-compile-dest-file-function
           (lambda (file)
             (expand-file-name (concat (file-name-base file) ".elc")
                               temporary-file-directory)))
     (byte-compile-file (pop command-line-args-left)))
  "What the Emacs that compiles a file does.")

(defun explog-lint--compile (file &rest environment)
  "Byte-compile FILE in a new Emacs with ENVIRONMENT added to its own.
The compiler's own `byte-compile-error-on-warn' would stop at the
first warning; this way all of them are seen."
  (let* ((folder (make-temp-file "explog-lint-" t))
         (process-environment
          (append environment (list (concat "TMPDIR=" folder))
                  process-environment)))
    (unwind-protect
        (with-temp-buffer
          (let ((status (call-process
                         (expand-file-name invocation-name invocation-directory)
                         nil t nil "-Q" "--batch"
                         "-l" (expand-file-name "tests/elisp/init.el"
                                                explog-test-root)
                         "--eval" (prin1-to-string explog-lint-compile)
                         file)))
            (unless (and (eq status 0)
                         (eq (point-min) (point-max)))
              (explog-lint-report
               file 1 (format "does not compile cleanly %s magit\n%s"
                              (if environment "without" "with")
                              (string-trim (buffer-string)))))))
      (delete-directory folder t))))

;;; Looking at the text

(defun explog-lint--lexical-binding (file)
  "Complain unless FILE, in the current buffer, has lexical binding."
  (goto-char (point-min))
  (unless (looking-at-p ".*-\\*-.*lexical-binding: t")
    (explog-lint-report file 1 "lexical-binding: t belongs in the first line")))

(defun explog-lint--checkdoc (file)
  "Run checkdoc on FILE, in the current buffer."
  (let ((checkdoc-create-error-function
         (lambda (text start _end &optional _unfixable)
           (explog-lint-report file (line-number-at-pos start) text)
           nil))
        (checkdoc-autofix-flag 'never)
        ;; A run is a thing here, and most often there are several.
        (checkdoc-common-verbs-wrong-voice
         (remove '("runs" . "run") checkdoc-common-verbs-wrong-voice))
        (checkdoc-common-verbs-regexp nil)
        (inhibit-message nil))
    (checkdoc-current-buffer t)))

(defconst explog-lint-accepted
  '(;; What package-lint 0.16 says of every Emacs newer than it knows.
    "uninstallable in all released Emacs versions"
    ;; `explog-mode' fits itself into org-capture, org-agenda and magit when
    ;; the user loads them, and must not load them itself.
    "`with-eval-after-load' is for use in configurations")
  "What package-lint may say, with the reasons.")

(defun explog-lint--package-lint (file)
  "Run package-lint on FILE, in the current buffer."
  (setq-local package-lint-main-file explog-lint-main-file)
  (pcase-dolist (`(,line ,_column ,type ,message) (package-lint-buffer))
    (unless (seq-some (lambda (text) (string-search text message))
                      explog-lint-accepted)
      (explog-lint-report file line (format "%s: %s" type message)))))

(defun explog-lint-file (file)
  "Check FILE in every way."
  (explog-lint--compile file)
  (explog-lint--compile file "EXPLOG_WITHOUT_MAGIT=1")
  (with-temp-buffer
    (insert-file-contents file t)
    (emacs-lisp-mode)
    (explog-lint--lexical-binding file)
    (explog-lint--checkdoc file)
    (explog-lint--package-lint file)
    (set-buffer-modified-p nil)))

(let ((files (mapcar #'expand-file-name command-line-args-left)))
  (setq command-line-args-left nil)
  (mapc #'explog-lint-file files)
  (message "Emacs Lisp: %d files, %d problems"
           (length files) explog-lint-count)
  (kill-emacs (if (or (null files) (> explog-lint-count 0)) 1 0)))

;;; lint.el ends here
