;;; explog-bridge-process.el --- Start the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The process of the server: which program it is, how it gets its
;; token, where its standard error goes.  None of it waits, and what
;; comes of it is for explog-bridge-connection.el to see.

;;; Code:

(require 'cl-lib)

(defcustom explog-server-command nil
  "The program that serves explog, with its arguments, a list of strings.
If nil, it is the first of these that exists: .venv/bin/explog in the
checkout that this file is in, explog on the variable `exec-path', and
the one that `explog-install-server' made.  The argument \"serve\"
is added."
  :type '(choice (const :tag "Find it" nil)
                 (repeat :tag "Program and arguments" string))
  :group 'explog)

(defcustom explog-server-directory (locate-user-emacs-file "explog/")
  "The folder that `explog-install-server' installs into."
  :type 'directory
  :group 'explog)

(defconst explog-bridge-folder
  (file-name-directory
   (file-truename
    (concat (file-name-sans-extension (or (macroexp-file-name) buffer-file-name))
            ".el")))
  "The folder with the source of this file, links resolved.")

(defconst explog-bridge-stderr "*explog stderr*"
  "The buffer with what the server writes to its standard error.")

;;;; The program

(defun explog-bridge-command ()
  "Return the command to start the server with, a list of strings.
Signal an error if there is no such program: what `make-process' does
then depends on the version of Emacs."
  (let ((command (or explog-server-command (list (explog-bridge--program))))
        (exec-path (default-value 'exec-path)))
    (unless (executable-find (car command))
      (error "There is no program %s (see `explog-server-command')"
             (car command)))
    (append command '("serve"))))

(defun explog-bridge--program ()
  "Return the first program that can serve, or signal an error."
  (or (cl-find-if
       (lambda (program) (and program (file-executable-p program)))
       (list (expand-file-name "../.venv/bin/explog" explog-bridge-folder)
             (let ((exec-path (default-value 'exec-path)))
               (executable-find "explog"))
             (explog-bridge-installed-program)))
      (error "There is no explog program (M-x explog-install-server makes one)")))

(defun explog-bridge-installed-program ()
  "Return the name of the program in `explog-server-directory'."
  (expand-file-name "server/bin/explog" explog-server-directory))

(defun explog-bridge--start-process (conn filter sentinel)
  "Start the server for CONN, hand it a token, and return (PROCESS . TOKEN).
FILTER and SENTINEL are those of the process."
  (let* ((token (explog-bridge--token))
         ;; The folder, and the environment of the buffer that happens
         ;; to be current, may be on another machine or out of the way.
         (default-directory "/")
         (process-environment (default-value 'process-environment))
         (process (explog-bridge--make-process filter sentinel)))
    (process-put process 'explog-bridge conn)
    ;; If it is dead already, the sentinel will have more to say.
    (ignore-errors (process-send-string process (concat token "\n")))
    (cons process token)))

(defun explog-bridge--make-process (filter sentinel)
  "Make the process of the server with FILTER and SENTINEL."
  (let* ((command (explog-bridge-command))
         (exec-path (default-value 'exec-path))
         (process-adaptive-read-buffering nil)
         (pipe (explog-bridge--stderr-pipe)))
    (condition-case err
        (make-process :name "explog server" :command command
                      :connection-type 'pipe :coding 'utf-8-unix :noquery t
                      :stderr pipe :filter filter :sentinel sentinel)
      (error (delete-process pipe)
             (error "%s: %s" (car command) (error-message-string err))))))

(defun explog-bridge--token ()
  "Return 256 random bits as hexadecimal digits."
  (with-temp-buffer
    (set-buffer-multibyte nil)
    (condition-case nil
        (insert-file-contents-literally "/dev/urandom" nil nil 32)
      (file-error             ; Emacs 28 reads parts of regular files only
       (let ((coding-system-for-read 'binary) (default-directory "/"))
         (call-process "head" nil t nil "-c" "32" "/dev/urandom"))))
    (unless (= 32 (buffer-size))
      (error "No random numbers can be had from /dev/urandom"))
    (mapconcat (lambda (byte) (format "%02x" byte)) (buffer-string) "")))

(defun explog-bridge--end-process (process gracefully)
  "End PROCESS, the server, or nil, and have nobody hear of it.
If GRACEFULLY, close its standard input, and kill it only after two
seconds."
  (when process
    (set-process-filter process #'ignore)
    (set-process-sentinel process #'ignore)
    (if (not (and gracefully (process-live-p process)))
        (delete-process process)
      (ignore-errors (process-send-eof process))
      (run-at-time 2 nil #'delete-process process))))

;;;; Buffers

(defvar explog-bridge--stderr-start (make-marker)
  "A marker where the standard error of the last server begins.")

(defun explog-bridge--stderr-pipe ()
  "Return a process for `make-process' to send standard error to."
  (with-current-buffer (get-buffer-create explog-bridge-stderr)
    (set-marker explog-bridge--stderr-start (point-max) (current-buffer)))
  (make-pipe-process
   :name "explog stderr" :buffer (get-buffer-create explog-bridge-stderr)
   :coding 'utf-8-unix :noquery t :sentinel #'ignore
   :filter (lambda (_ text)
             (explog-bridge--append explog-bridge-stderr text))))

(defun explog-bridge--last-words ()
  "Return a colon and the last line of standard error, or nil.
Only what the last server wrote counts."
  (when-let ((pipe (get-process "explog stderr")))
    (cl-loop repeat 100 while (accept-process-output pipe 0 nil 0)))
  (with-current-buffer (get-buffer-create explog-bridge-stderr)
    (save-excursion
      (goto-char (point-max))
      (skip-chars-backward " \t\r\n")
      (when (> (point) (or (marker-position explog-bridge--stderr-start)
                           (point-min))) ; the buffer is a new one
        (concat ": " (truncate-string-to-width
                      (buffer-substring-no-properties
                       (line-beginning-position) (point))
                      200))))))

(defun explog-bridge--append (name text)
  "Add TEXT to the end of the buffer NAME, which loses its beginning in time."
  (with-current-buffer (get-buffer-create name)
    (let ((inhibit-read-only t))
      (buffer-disable-undo)
      (save-excursion
        (goto-char (point-max))
        (insert text)
        (when (> (buffer-size) 200000)
          (delete-region (point-min) (- (point-max) 100000)))))))

(defun explog-bridge--log (format &rest args)
  "Add a line, FORMAT with ARGS, to the buffer of events."
  (explog-bridge--append
   "*explog events*"
   (concat (format-time-string "%T ") (apply #'format format args) "\n")))

(provide 'explog-bridge-process)
;;; explog-bridge-process.el ends here
