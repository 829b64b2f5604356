;;; explog-rpc.el --- Speak EPC with the explog server  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The lower half of what Emacs has of its server.  From the bottom:
;; bytes to messages and back, as wire.py has it for the server, and a
;; connection that these go over.
;;
;; The class of connections is one of jsonrpc.el, which keeps the timers
;; and the continuations of calls and does the waiting of synchronous
;; ones.  What is here speaks EPC instead of JSON, keeps the calls that are
;; made before the server is ready, and answers the calls that the
;; server makes.
;;
;; jsonrpc.el has a class for processes too.  It reads and writes JSON,
;; and it says in the echo area when a server ends, even as intended.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'jsonrpc)
(require 'map)

;;;; Messages

(defun explog-rpc-failure (code message)
  "Return the plist of an error with CODE and MESSAGE."
  (list :code code :message message :data nil))

(defconst explog-rpc-gc-threshold 50000000
  "Bytes to allocate for an answer before garbage is collected.
With the usual threshold a long answer makes Emacs collect several
times, and each time it goes through all that it has.")

;;;; Writing

(defun explog-rpc-frame (&rest parts)
  "Return the frame of the message made of PARTS, unibyte strings."
  (let ((body (apply #'concat parts)))
    (format "%06x%s\n" (1+ (length body)) body)))

(defun explog-rpc-print (object)
  "Return OBJECT in the form for the server, a unibyte string.
OBJECT is a string, a number, a symbol, or a list or vector of such."
  (let ((print-length nil) (print-level nil) (print-circle nil)
        (print-gensym nil) (print-quoted nil)
        (print-escape-newlines nil) (print-escape-control-characters nil)
        (print-escape-nonascii nil) (print-escape-multibyte nil)
        (float-output-format nil))
    (encode-coding-string (prin1-to-string (explog-rpc--plain object))
                          'utf-8-unix t)))

(defun explog-rpc--plain (object)
  "Return OBJECT with strings that have no text properties.
Signal an error if it holds what the server cannot read."
  (cond ((stringp object) (substring-no-properties object))
        ((or (symbolp object) (numberp object)) object)
        ((proper-list-p object) (mapcar #'explog-rpc--plain object))
        ((consp object) (cons (explog-rpc--plain (car object))
                              (explog-rpc--plain (cdr object))))
        ((vectorp object) (vconcat (mapcar #'explog-rpc--plain object)))
        (t (signal 'wrong-type-argument (list 'explog-rpc-data object)))))

;;;; Reading

(cl-defstruct (explog-rpc-input
               (:constructor explog-rpc-make-input) (:copier nil))
  "Bytes that came and are not yet a whole message."
  (chunks nil :documentation "Unibyte strings, newest first.")
  (size 0 :documentation "How many bytes these are.")
  (need 6 :documentation "How many bytes make it worth while to look."))

(defun explog-rpc--take (input bytes)
  "Add BYTES to INPUT, and return the messages that are whole now.
However small the pieces are that a message comes in, no byte is copied
more often than twice.  Signal an error if the bytes are no frames."
  (push bytes (explog-rpc-input-chunks input))
  (when (>= (cl-incf (explog-rpc-input-size input) (length bytes))
            (explog-rpc-input-need input))
    (let ((all (apply #'concat (nreverse (explog-rpc-input-chunks input))))
          (start 0) need messages)
      (while (<= (+ start (setq need (explog-rpc--frame-size all start)))
                 (length all))
        (push (substring all (+ start 6) (+ start need)) messages)
        (cl-incf start need))
      (setf (explog-rpc-input-chunks input) (list (substring all start))
            (explog-rpc-input-size input) (- (length all) start)
            (explog-rpc-input-need input) need)
      (nreverse messages))))

(defun explog-rpc--frame-size (bytes start)
  "Return how long the frame is that begins at START in BYTES.
If its head is not there yet, return how long the head is."
  (if (< (length bytes) (+ start 6))
      6
    (let ((head (substring bytes start (+ start 6))))
      (unless (string-match-p "\\`[[:xdigit:]]\\{6\\}\\'" head)
        (error "No head of a message: %S" head))
      (+ 6 (string-to-number head 16)))))

(defun explog-rpc--read (bytes)
  "Return the message in BYTES, a list.
One that cannot be read becomes an error for the call that it answers."
  (condition-case err
      (let ((gc-cons-threshold (max gc-cons-threshold explog-rpc-gc-threshold)))
        (car (read-from-string (decode-coding-string bytes 'utf-8-unix t))))
    (error
     (let ((problem (format "An answer of the server cannot be read: %s"
                            (error-message-string err))))
       (list 'return-error (explog-rpc--recover-id bytes)
             (explog-rpc-failure "bad-message" problem))))))

(defun explog-rpc--recover-id (bytes)
  "Return the id in BYTES, a message that cannot be read, or nil."
  (save-match-data
    (when (string-match "\\`([a-z-]+ \\([0-9]+\\)[ )]" bytes)
      (string-to-number (match-string 1 bytes)))))

(defun explog-rpc--error (value)
  "Return VALUE, the error in an answer, as a plist with a code."
  (if (and (proper-list-p value) (plist-get value :code))
      value
    (explog-rpc-failure "epc-error" (format "%s" value))))

(defvar explog-rpc-functions (make-hash-table :test #'equal)
  "What the server may call: names of methods and functions.")

;;;; Buffers of the server

(defun explog-rpc-append (name text)
  "Add TEXT to the end of the buffer NAME, which loses its beginning in time."
  (with-current-buffer (get-buffer-create name)
    (let ((inhibit-read-only t))
      (buffer-disable-undo)
      (save-excursion
        (goto-char (point-max))
        (insert text)
        (when (> (buffer-size) 200000)
          (delete-region (point-min) (- (point-max) 100000)))))))

(defun explog-rpc-log (format &rest args)
  "Add a line, FORMAT with ARGS, to the buffer of events."
  (explog-rpc-append
   "*explog events*"
   (concat (format-time-string "%T ") (apply #'format format args) "\n")))

;;;; The class

(defclass explog-rpc-connection (jsonrpc-connection)
  ((state :initform 'waiting :accessor explog-rpc-state
          :documentation "`waiting', `starting', `ready' or `over'.")
   (deaths :initarg :deaths :initform 0 :reader explog-rpc-deaths
           :documentation "How many servers died in a row before this one.")
   (timer :initform nil :accessor explog-rpc-timer
          :documentation "Starts the server, or ends a start that takes too long.")
   (server :initform nil :accessor explog-rpc-server
           :documentation "The process of the server.")
   (token :initform nil :accessor explog-rpc-token
          :documentation "What the server expects in hello.")
   (socket :initform nil :accessor explog-rpc-socket
           :documentation "The network process.")
   (since :initform nil :accessor explog-rpc-since
          :documentation "When it became ready, a float.")
   (greeting :initform nil :accessor explog-rpc-greeting
             :documentation "The answer to hello.")
   (calls :initform (make-hash-table) :reader explog-rpc-calls
          :documentation "The ids of the calls that have not ended, each
with t, or with a function that is to be called at the end.")
   (unsent :initform nil :accessor explog-rpc-unsent
           :documentation "What waits for ready: (ID . FRAME), newest first.")
   (inbox :initform nil :accessor explog-rpc--inbox
          :documentation "Messages to act upon."))
  "A server, from before its start to its end.")

(cl-defstruct (explog-rpc-request
               (:constructor explog-rpc-make-request) (:copier nil))
  "A call of a method; what jsonrpc.el has for its parameters."
  (text nil :documentation "The arguments as they go over the wire, bytes.")
  (id nil :documentation "Its number, once it is sent or kept for later."))

(defun explog-rpc-make-connection (deaths)
  "Return a connection that waits, the one after DEATHS of servers in a row."
  (let ((args (list 'explog-rpc-connection :name "explog" :deaths deaths)))
    ;; No log of each message in full.  The option for that has another
    ;; name in jsonrpc.el of Emacs 30, and of GNU ELPA.
    (condition-case nil
        (apply #'make-instance
               (append args '(:events-buffer-config (:size 0 :format short))))
      (invalid-slot-name
       (apply #'make-instance
              (append args '(:events-buffer-scrollback-size 0)))))))

(cl-defmethod jsonrpc-running-p ((conn explog-rpc-connection))
  "Return non-nil unless CONN is over."
  (not (eq 'over (explog-rpc-state conn))))

(cl-defmethod jsonrpc-connection-send ((conn explog-rpc-connection)
                                       &key id method params &allow-other-keys)
  "Send on CONN the call of METHOD with PARAMS, an `explog-rpc-request'.
Keep it until CONN is ready, if need be.  ID is the number of the call."
  (setf (explog-rpc-request-id params) id)
  (puthash id t (explog-rpc-calls conn))
  (let ((state (explog-rpc-state conn))
        (frame (explog-rpc-frame
                (format "(call %d " id) (explog-rpc-print method) " "
                (explog-rpc-request-text params) ")")))
    (cond ((eq state 'ready) (explog-rpc-write conn frame))
          ((eq state 'over) (explog-rpc-fail-later conn id "server-died" nil))
          (t (push (cons id frame) (explog-rpc-unsent conn))))))

(defun explog-rpc-write (conn frame)
  "Write FRAME to the socket of CONN."
  (condition-case err
      (process-send-string (explog-rpc-socket conn) frame)
    (error (explog-rpc--break conn "took no call" err))))

(defun explog-rpc--break (conn what err)
  "Break CONN, whose server did WHAT; ERR is the error that came of it."
  (let ((socket (explog-rpc-socket conn)))
    (process-put socket 'explog-rpc-why
                 (format "%s (%s)" what (error-message-string err)))
    ;; A timer, as the sentinel fails all calls, and the one that breaks
    ;; here may not be among them yet.
    (run-at-time 0 nil #'delete-process socket)))

(defun explog-rpc--settle (conn id key value)
  "End the call ID on CONN with VALUE; KEY is `:result' or `:error'.
Do nothing if it has ended: in Emacs 28 jsonrpc.el breaks at an answer
that nobody waits for."
  (when-let ((waiting (gethash id (explog-rpc-calls conn))))
    (remhash id (explog-rpc-calls conn))
    (if (functionp waiting)
        (funcall waiting key value)
      (jsonrpc-connection-receive conn (list :id id key value)))))

(defun explog-rpc-fail-later (conn id code message)
  "Have the call ID on CONN end with the error CODE and MESSAGE.
That is done by a timer, as the end of a synchronous call throws."
  (run-at-time 0 nil #'explog-rpc--settle conn id :error
               (explog-rpc-failure
                code (or message "The explog server has stopped"))))

;;;; What comes in

(defun explog-rpc-filter (socket bytes)
  "Take BYTES that came from SOCKET, and act on them soon.
That is done by a timer: the answer to a synchronous call throws, and
Emacs loses track of its match data if that leaves a process filter."
  (let ((conn (process-get socket 'explog-rpc-connection))
        (input (process-get socket 'explog-rpc-input)))
    (condition-case err
        (when-let ((messages (explog-rpc--take input bytes)))
          (setf (explog-rpc--inbox conn)
                (nconc (explog-rpc--inbox conn) messages))
          (run-at-time 0 nil #'explog-rpc--act conn))
      (error (explog-rpc--break conn "sent what is not EPC" err)))))

(defun explog-rpc--act (conn)
  "Act on the messages in the inbox of CONN."
  (unwind-protect
      (save-match-data
        (while (explog-rpc--inbox conn)
          (explog-rpc--dispatch
           conn (explog-rpc--read (pop (explog-rpc--inbox conn))))))
    (when (explog-rpc--inbox conn)
      (run-at-time 0 nil #'explog-rpc--act conn))))

(defun explog-rpc--dispatch (conn message)
  "Act on MESSAGE, which came on CONN."
  (pcase message
    (`(return ,id ,value)
     (explog-rpc--settle conn id :result value))
    (`(,(or 'return-error 'epc-error) ,id . ,rest)
     (explog-rpc--settle conn id :error (explog-rpc--error (car rest))))
    (`(call ,id ,method ,args)
     (explog-rpc--answer conn id method args))
    (`(methods ,id)
     (explog-rpc--reply
      conn id 'return
      (mapcar (lambda (name) (list (intern name) nil ""))
              (map-keys explog-rpc-functions))))
    (_ (explog-rpc-log "no message: %S" message))))

(defun explog-rpc--answer (conn id method args)
  "Answer call ID of METHOD with ARGS that came on CONN, whatever happens."
  (let ((reply `(return-error ,(explog-rpc-failure
                                "aborted" "Emacs left the function early"))))
    (unwind-protect
        (setq reply (explog-rpc--perform (format "%s" method) args))
      (apply #'explog-rpc--reply conn id reply))))

(defun explog-rpc--perform (method args)
  "Return the reply to a call of METHOD, a string, with ARGS: (KIND VALUE)."
  (condition-case err
      (let ((function (gethash method explog-rpc-functions))
            (inhibit-interaction t)
            (inhibit-quit t))
        (unless function
          (signal 'explog-error (list "unknown-method"
                                      (format "Emacs has no method %s" method))))
        (list 'return (with-temp-buffer (apply function args))))
    (explog-error
     (list 'return-error (cl-mapcan #'list '(:code :message :data) (cdr err))))
    ((error quit)
     (list 'return-error (explog-rpc-failure
                          "emacs-error" (error-message-string err))))))

(defun explog-rpc--reply (conn id kind value)
  "Send on CONN the answer to call ID: KIND is its first word, VALUE its last."
  (when (eq 'ready (explog-rpc-state conn))
    (let ((text (condition-case err (explog-rpc-print value)
                  (error
                   (setq kind 'return-error)
                   (explog-rpc-print
                    (explog-rpc-failure "unencodable"
                                               (error-message-string err)))))))
      (explog-rpc-write
       conn (explog-rpc-frame (format "(%s %d " kind id) text ")")))))

(provide 'explog-rpc)
;;; explog-rpc.el ends here
