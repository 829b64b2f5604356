;;; explog-search-results.el --- The buffer of what a search found  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Hits are grouped by experiment.  RET visits the one at point, n and p
;; go from one to the next, as `next-error' does from any buffer; g
;; makes the search again, s changes it, and a bookmark keeps it.

;;; Code:

(require 'explog)
(require 'explog-search-hit)
(require 'seq)
(require 'text-property-search)

(declare-function bookmark-prop-get "bookmark" (bookmark-name-or-record prop))
(declare-function explog-search-refine "explog-search" ())
(autoload 'explog-search-refine "explog-search" nil t)

(defcustom explog-search-limit 100
  "How many hits `explog-search' shows at most."
  :type 'natnum
  :group 'explog)

(defface explog-search-experiment '((t :inherit (font-lock-function-name-face bold)))
  "The experiment that a group of hits belongs to."
  :group 'explog)

;;;; The buffer of results

(defvar-local explog-search--query nil
  "The query whose hits this buffer shows.")

(defvar explog-search-mode-map
  (let ((map (make-sparse-keymap)))
    (define-key map (kbd "RET") #'explog-search-visit)
    (define-key map [mouse-2] #'explog-search-visit)
    (define-key map "n" #'explog-search-next)
    (define-key map "p" #'explog-search-previous)
    (define-key map "s" #'explog-search-refine)
    map)
  "The keys of `explog-search-mode'.")

(define-derived-mode explog-search-mode special-mode "Explog Search"
  "What a search in experiment logs and commits found.

\\{explog-search-mode-map}"
  (buffer-disable-undo)                 ; or else every answer would be kept
  (setq truncate-lines t)
  (add-hook 'explog-cache-changed-functions #'explog-search--retitle)
  (setq-local revert-buffer-function #'explog-search--revert)
  (setq-local next-error-function #'explog-search--next-error)
  (setq-local bookmark-make-record-function #'explog-search--bookmark))

(defun explog-search--buffer ()
  "Return the buffer of results."
  (let ((buffer (get-buffer-create "*explog search*")))
    (with-current-buffer buffer
      (unless (derived-mode-p 'explog-search-mode)
        (explog-search-mode)))
    buffer))

(defun explog-search--show (query result)
  "Show RESULT, the server's answer to QUERY, in the buffer of results."
  (pcase-let ((`(,total ,complete ,hits ,progress) result))
    (with-current-buffer (explog-search--buffer)
      (explog-search--replace
       (and (equal query explog-search--query) (explog-search--hit-shown))
       (lambda ()
         (insert (propertize
                  (format "%s: %s%s\n" query
                          (explog-search--count (length hits) total complete)
                          (if (string-empty-p progress) ""
                            (format " (reading %s)" progress)))
                  'face 'bold))
         (pcase-dolist (`(,experiment . ,group) (explog-search-groups hits))
           (explog-search--insert-group experiment group))))
      (setq explog-search--query query))))

(defun explog-search--hit-at-point ()
  "Return the hit of the line at point, or nil."
  (get-text-property (line-beginning-position) 'explog-search-hit))

(defun explog-search--hit-shown ()
  "Return the hit at point where the current buffer is shown, or nil."
  (save-excursion
    (when-let ((window (get-buffer-window nil t)))
      (goto-char (window-point window)))
    (explog-search--hit-at-point)))

(defun explog-search--replace (hit insert)
  "Call INSERT to fill the current buffer anew, and go to HIT.
Go to the first one if HIT is nil or no longer there."
  (let ((inhibit-read-only t))
    (erase-buffer)
    (funcall insert)
    (goto-char (point-min))
    (if-let ((match (and hit (text-property-search-forward
                              'explog-search-hit hit #'equal))))
        (goto-char (prop-match-beginning match))
      (explog-search--to-hit 1))
    (dolist (window (get-buffer-window-list nil nil t))
      (set-window-point window (point)))))

(defun explog-search--count (shown total complete)
  "Say how many hits are SHOWN of TOTAL, of which there are more if not COMPLETE."
  (cond ((zerop shown) "nothing found")
        ((and complete (= shown total)) (format "%d found" total))
        (t (format "the best %d of %d%s" shown total (if complete "" " and more")))))

(defun explog-search--insert-group (experiment hits)
  "Insert a line for EXPERIMENT, nil if there is none, and one for each of HITS."
  (insert "\n" (propertize (concat (explog-search-group-title experiment hits) "\n")
                           'face 'explog-search-experiment
                           'explog-search-group (list experiment)))
  (dolist (hit hits)
    (insert (propertize (explog-search-line hit)
                        'explog-search-hit hit
                        'mouse-face 'highlight
                        'help-echo "RET, mouse-2: go there"))))

(defun explog-search--retitle (ids)
  "Say what the groups of IDS are called, as that is known now.
It has to be asked for if nothing but commits was found of them.  IDS is
t for all.  This is for `explog-cache-changed-functions'."
  (if-let ((buffer (get-buffer "*explog search*")))
      (with-current-buffer buffer
        (save-excursion
          (let ((inhibit-read-only t) (place (point-min)))
            (while (setq place (text-property-not-all place (point-max)
                                                      'explog-search-group nil))
              (goto-char place)
              (let ((id (car (get-text-property place 'explog-search-group))))
                (when (and id
                           (or (eq ids t) (member id ids))
                           (looking-at (concat (regexp-quote id) "$")))
                  (goto-char (match-end 0))
                  (insert-and-inherit
                   (substring (explog-search-group-title id nil) (length id)))))
              (setq place (line-beginning-position 2))))))
    (remove-hook 'explog-cache-changed-functions #'explog-search--retitle)))

(defun explog-search--to-hit (count)
  "Move COUNT hits on, or back if negative; return non-nil if there were so many."
  (let ((step (if (< count 0) -1 1)) (left (abs count)) (start (point)))
    (while (and (> left 0) (zerop (forward-line step)) (not (eobp)))
      (when (get-text-property (point) 'explog-search-hit)
        (setq left (1- left))))
    (unless (get-text-property (point) 'explog-search-hit)
      (goto-char start))
    (zerop left)))

(defun explog-search-next (&optional count)
  "Go to the next hit, or the COUNTth."
  (interactive "p")
  (unless (explog-search--to-hit (or count 1))
    (user-error "No more hits")))

(defun explog-search-previous (&optional count)
  "Go to the previous hit, or the COUNTth."
  (interactive "p")
  (explog-search-next (- (or count 1))))

(defun explog-search-visit (&optional event)
  "Go to the hit at point, or where EVENT is."
  (interactive (list last-nonmenu-event))
  (when (mouse-event-p event)
    (mouse-set-point event))
  ;; The log has a `next-error-function' of its own, which org gives it.
  (setq next-error-last-buffer (current-buffer))
  (explog-search-visit-hit
   (or (explog-search--hit-at-point) (user-error "No hit here"))))

(defun explog-search--next-error (count &optional reset)
  "Visit the COUNTth hit from here, or from the first if RESET."
  (when reset
    (goto-char (point-min)))
  (explog-search-next count)
  (explog-search-visit))

(defun explog-search--revert (&rest _)
  "Make the search of this buffer again."
  (explog-need-mode)
  (explog-search--ask explog-search--query))

(defun explog-search--bookmark ()
  "Return a bookmark of the search in this buffer."
  `(,(concat "explog: " explog-search--query)
    (explog-query . ,explog-search--query)
    (handler . explog-search-bookmark-handler)))

;;;###autoload
(defun explog-search-bookmark-handler (bookmark)
  "Make the search of BOOKMARK again."
  (explog-need-mode)
  (explog-search--ask (bookmark-prop-get bookmark 'explog-query))
  (set-buffer (explog-search--buffer)))

;;;; Asking

(defvar explog-search--asked 0
  "The number of the last question; the answer to an older one is dropped.")

(defvar explog-search--again-seconds 1
  "After how long a question is asked again while there is more to be read.")

(defun explog-search--ask-again (number query tell)
  "Ask for QUERY again if NUMBER is still that of the last question.
TELL is as for `explog-search--ask'."
  (when (and explog-mode (= number explog-search--asked)
             (get-buffer "*explog search*"))
    (explog-search--ask query tell)))

(defun explog-search--ask (query &optional tell)
  "Ask the server for QUERY, and show what it answers when it does.
While the index is being made, ask again until all is read.
TELL, if non-nil, is called with an error message instead of `message'."
  (let ((number (setq explog-search--asked (1+ explog-search--asked))))
    (explog-bridge-call
     "search" (list query explog-search-limit t)
     :success (lambda (result)
                (when (= number explog-search--asked)
                  (explog-search--show query result)
                  (unless (string-empty-p (nth 3 result))
                    (run-with-timer explog-search--again-seconds nil
                                    #'explog-search--ask-again number query tell))))
     :error (lambda (problem)
              (when (= number explog-search--asked)
                (funcall (or tell #'message) "%s"
                         (plist-get problem :message)))))))

;;;###autoload
(defun explog-search-for (query)
  "Show what is found for QUERY, without asking."
  (explog-need-mode)
  (with-current-buffer (explog-search--buffer)
    (unless (equal query explog-search--query)
      ;; Nobody is to take what was found for something else for the answer.
      (setq explog-search--query query)
      (explog-search--replace nil #'ignore)))
  (explog-search--ask query)
  (pop-to-buffer (explog-search--buffer)))

(provide 'explog-search-results)
;;; explog-search-results.el ends here
