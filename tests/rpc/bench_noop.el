;;; bench_noop.el --- How long a call from Emacs takes  -*- lexical-binding: t; -*-

;; SPDX-License-Identifier: GPL-3.0-or-later

;;; Commentary:

;; emacs -Q --batch -l tests/rpc/bench_noop.el [PYTHON]
;;
;; Prints the time to load the bridge (compiled for this run), to start
;; it and to be ready; p50 and p99 of 2,000 synchronous calls that do
;; nothing, and of 5 replies with 5,000 search hits.

;;; Code:

(require 'cl-lib)

(defconst bench-root
  (expand-file-name "../../" (file-name-directory load-file-name)))

(defvar explog-server-command)
(declare-function explog-server-start "explog-server")
(declare-function explog-server-stop "explog-server")
(declare-function explog-server-ready-p "explog-server")
(declare-function explog-server-call-sync "explog-server")
(declare-function explog-server-last-problem "explog-server")

(defun bench-time (function)
  "Return how many milliseconds it takes to call FUNCTION."
  (let ((begun (current-time)))
    (funcall function)
    (* 1e3 (float-time (time-since begun)))))

(defun bench-repeat (count function)
  "Return p50, p99 and the maximum of COUNT calls of FUNCTION, in milliseconds."
  (garbage-collect)
  (let ((times (sort (mapcar (lambda (_) (bench-time function))
                             (number-sequence 1 count))
                     #'<)))
    (mapcar (lambda (n) (nth (floor (* n count)) times)) '(0.5 0.99 0.9999))))

(defun bench-load ()
  "Compile the bridge in a new folder, and load it from there."
  (let ((folder (make-temp-file "explog-bench-" t)))
    (unwind-protect
        (progn
          (dolist (file (directory-files (expand-file-name "elisp" bench-root)
                                         t "\\`explog-server.*\\.el\\'"))
            (copy-file file (file-name-as-directory folder)))
          (add-to-list 'load-path folder)
          (call-process (expand-file-name invocation-name invocation-directory)
                        nil nil nil "-Q" "--batch" "-L" folder
                        "--eval" "(byte-recompile-directory
                                    (car command-line-args-left) 0)"
                        folder)
          (bench-time (lambda () (require 'explog-server))))
      (delete-directory folder t))))

(message "Emacs %s" emacs-version)
(message "load      %6.1f ms" (bench-load))
(setq explog-server-command
      (list (or (pop command-line-args-left) (executable-find "python3"))
            (expand-file-name "tests/rpc/toy_server.py" bench-root)))
(setenv "PYTHONPATH" (mapconcat #'identity
                                (delq nil (list (expand-file-name "server" bench-root)
                                                (getenv "PYTHONPATH")))
                                path-separator))
(message "start     %6.1f ms" (bench-time #'explog-server-start))
(message "ready     %6.1f ms more"
         (bench-time (lambda ()
                       (while (not (explog-server-ready-p))
                         (when (explog-server-last-problem)
                           (kill-emacs 1))
                         (accept-process-output nil 0.01)))))
(apply #'message "no-op     p50 %.3f  p99 %.3f  max %.3f ms"
       (bench-repeat 2000 (lambda () (explog-server-call-sync 'noop nil))))
(apply #'message "5000 hits p50 %.1f ms"
       (bench-repeat 5 (lambda () (explog-server-call-sync 'rows '(5000)))))
(explog-server-stop)

;;; bench_noop.el ends here
