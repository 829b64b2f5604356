;;; probe.el --- Lets a test ask a running Emacs  -*- lexical-binding: t; -*-

;;; Commentary:

;; A socket of its own, not server.el: with-editor starts and names the server as it would
;; for a user who has none, and emacsclient's cost (a process each time) is saved.
;;
;; Request: a letter and a form, then NUL.  Reply: "=" and the answer or "!" and the error,
;; then NUL.  Letter "p": the value as `prin1' prints it.  Letter "s": the string itself.

;; The key ESC [ 99 ; 9 ~ counts and does nothing else: when it has been read, everything typed
;; before it has been read and carried out.  It is taken out where a terminal's answers to
;; Emacs's questions are, before any command, minibuffer or transient sees it.

;;; Code:

(defvar e2e-probe-heard 0
  "How often the counting key was read.")

(defun e2e-probe-listen ()
  "Make this terminal know the counting key."
  (define-key input-decode-map "\e[99;9~"
    (lambda (_prompt)
      (setq e2e-probe-heard (1+ e2e-probe-heard))
      [])))

(add-hook 'tty-setup-hook #'e2e-probe-listen)

;; What tests look at.

(defun e2e-probe-text (name)
  "Return all text of the buffer NAME, or of the one that visits the file NAME."
  (when-let ((buffer (or (get-buffer name) (find-buffer-visiting name))))
    (with-current-buffer buffer
      (save-restriction
        (widen)
        (buffer-substring-no-properties (point-min) (point-max))))))

(defun e2e-probe-question ()
  "Return what stands in the minibuffer if it is in use, else in the echo area."
  (if-let ((window (active-minibuffer-window)))
      (with-current-buffer (window-buffer window)
        (buffer-substring-no-properties (point-min) (point-max)))
    (current-message)))

;; How they ask.

(defun e2e-probe-answer (request)
  "Evaluate REQUEST and return the reply to it.
The current buffer is the one that the user looks at."
  (condition-case err
      (let ((value (save-match-data
                     (with-current-buffer (window-buffer (selected-window))
                       (eval (car (read-from-string request 1)) t))))
            (print-length nil)
            (print-level nil))
        (concat "=" (if (eq (aref request 0) ?s)
                        (if value (substring-no-properties value) "")
                      (prin1-to-string value))))
    ((error quit) (concat "!" (error-message-string err)))))

(defun e2e-probe-filter (process text)
  "Collect TEXT from PROCESS; answer when a request is complete."
  (let ((request (concat (process-get process 'request) text)))
    (if (not (string-suffix-p "\0" request))
        (process-put process 'request request)
      (process-put process 'request nil)
      (process-send-string
       process (concat (e2e-probe-answer (substring request 0 -1)) "\0")))))

(make-network-process
 :name "e2e-probe" :family 'local :service (getenv "EXPLOG_E2E_SOCKET") :server t
 :coding 'utf-8-emacs-unix :noquery t :filter #'e2e-probe-filter
 ;; A connection does not take this over from the server; C-x C-c would ask about the last one.
 :log (lambda (_server connection _message) (set-process-query-on-exit-flag connection nil)))

;;; probe.el ends here
