;;; explog-ref.el --- References to experiments are alive  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What a reference is, `[e201.1]', which one is at point, and what is
;; known of it.  The server finds references by the same rules (refs.py);
;; both are tested with tests/data/references.json.
;;
;; `explog-ref-mode' turns the references in a buffer into buttons, and in
;; a log also the hashes on steps.  A mouse click or \`C-c RET' goes there;
;; eldoc and a tooltip describe it; xref finds the step and all commits.
;; `global-explog-ref-mode' turns the mode on in all buffers with text.
;;
;; Buttons are overlays, which are made as text comes into view.  So the
;; text properties of magit and font-lock stay unchanged, and buffers
;; without font-lock have buttons too.  All overlays of one reference share
;; a category, a symbol with properties: when the server tells more about
;; the reference, all its buttons change at once, without a search.

;;; Code:

(require 'explog-base)
(require 'explog-cache)
(require 'explog-heading)
(require 'explog-log)
(require 'explog-steps)
(require 'seq)
(require 'subr-x)

(autoload 'explog-search-visit-commit "explog-search")
(autoload 'explog-visit-goto "explog-visit")
(autoload 'explog-xref-backend "explog-xref")

(defvar org-open-at-point-functions)

;;;; The grammar

(defconst explog-ref-regexp
  (concat "\\[e\\([0-9][0-9A-Za-z_-]\\{0,63\\}\\)"
          "\\(?:\\.\\([0-9]\\{1,6\\}\\(?:\\.[0-9]\\{1,6\\}\\)\\{0,7\\}\\)\\)?\\]")
  "Matches a reference, with `case-fold-search' nil.
Its groups are the id and the step.  What stands before it counts as
well; see `explog-ref-match'.")

(defconst explog-ref-longest 130
  "A limit on the length of a reference, and of a hash on a step, in characters.")

(defconst explog-ref--url-chars "^ \t\r\n\"<>`)"
  "The characters of a URL, as `skip-chars-backward' wants them.")

(defconst explog-ref--url-regexp "[[:alnum:]]://\\|\\(?:\\`\\|[^[:alnum:]]\\)www\\."
  "Matches where a URL begins.")

(defconst explog-ref--longest-url 500
  "How many characters before a reference are searched for a URL.")

(defun explog-ref-match ()
  "Return (ID . STEP) for the match of `explog-ref-regexp', or nil.
STEP is a string like \"1.2\", or nil.  The match is not a reference if
it is part of a word, as in `weights[e2]', or of a URL."
  (let ((start (match-beginning 0)))
    (unless (or (explog-ref--word-p (char-before start))
                (explog-ref--in-url-p start))
      (cons (match-string-no-properties 1)
            (when-let ((step (match-string-no-properties 2)))
              (explog-ref--step step))))))

(defun explog-ref--word-p (char)
  "Return non-nil if CHAR is an ASCII letter, a digit or an underscore."
  (and char
       (or (<= ?a char ?z) (<= ?A char ?Z) (<= ?0 char ?9) (= char ?_))))

(defun explog-ref--in-url-p (position)
  "Return non-nil if POSITION is inside a URL."
  (let ((start (save-excursion
                 (goto-char position)
                 (skip-chars-backward explog-ref--url-chars
                                      (max (point-min)
                                           (- position explog-ref--longest-url)))
                 (point))))
    (and (< start position)             ; mostly there is a blank before it
         (string-match-p explog-ref--url-regexp
                         (buffer-substring-no-properties start position)))))

(defun explog-ref--step (text)
  "Return TEXT, a step number, without leading zeros."
  (if (string-match-p "\\(?:\\`\\|\\.\\)0" text)
      (save-match-data
        (replace-regexp-in-string "\\(\\`\\|\\.\\)0+\\([0-9]\\)" "\\1\\2" text))
    text))

(defun explog-ref-string (id &optional step)
  "Return the reference to experiment ID, or to its STEP, without brackets."
  (concat "e" id (if step (concat "." step) "")))

(defun explog-ref-parse (text)
  "Return (ID . STEP) for TEXT like \"e201.1\", \"201.1\" or \"[e201.1]\", or nil."
  (with-temp-buffer
    (let ((case-fold-search nil))
      (insert "[e" (string-trim text "\\[?e?" "\\]") "]")
      (goto-char (point-min))
      (and (looking-at explog-ref-regexp)
           (= (match-end 0) (point-max))
           (explog-ref-match)))))

(defun explog-ref-in-message (message)
  "Return the references in a commit's MESSAGE, each once, as (ID . STEP).
Those in the body count only if the subject has none."
  (with-temp-buffer
    (insert (string-trim-left message))
    (goto-char (point-min))
    (let ((case-fold-search nil) (subject (line-end-position)) found)
      (while (re-search-forward explog-ref-regexp
                                (and found (<= (point) subject) subject) t)
        (when-let ((reference (explog-ref-match)))
          (push reference found)))
      (delete-dups (nreverse found)))))

;;;; The reference at point

(defun explog-ref-here ()
  "Return (ID STEP BEG END) for the reference at point, or nil.
Point may also be directly after it."
  (let ((case-fold-search nil)
        (here (point))
        (limit (min (line-end-position) (+ (point) explog-ref-longest)))
        (found nil))
    (save-excursion
      (save-match-data
        (goto-char (max (line-beginning-position) (- here explog-ref-longest)))
        (while (and (not found)
                    (re-search-forward explog-ref-regexp limit t)
                    (<= (match-beginning 0) here))
          (when-let ((reference (and (<= here (match-end 0)) (explog-ref-match))))
            ;; Between two adjacent references, take the one after point.
            (unless (and (= here (match-end 0))
                         (looking-at explog-ref-regexp))
              (setq found (list (car reference) (cdr reference)
                                (match-beginning 0) (match-end 0))))))
        found))))

;;;###autoload
(defun explog-ref-at-point ()
  "Return (ID . STEP) of the reference at point, or nil.
STEP is a string like \"1.2\", or nil for the whole experiment.  If there
is no reference in a log, return the experiment and step around point."
  (pcase (explog-ref-here)
    (`(,id ,step ,_ ,_) (cons id step))
    (_ (explog-ref-in-log))))

(defun explog-ref-in-log ()
  "Return (ID . STEP) of the experiment and step around point in a log, or nil."
  (when (and (derived-mode-p 'org-mode) (explog-log-here-p))
    (save-excursion
      (save-restriction
        (widen)
        (let ((here (line-beginning-position)))
          (when-let ((heading (explog-ref-experiment-heading)))
            (goto-char heading)
            (cons (explog-heading-experiment-id) (explog-steps-at here))))))))

(defun explog-ref-experiment-heading ()
  "Return the position of the heading of the experiment around point, or nil.
The buffer has headings as in Org mode."
  (save-excursion
    (goto-char (line-end-position))
    (let ((heading (and (re-search-backward "^\\*+ " nil t) (point))))
      (while (and heading
                  (progn (goto-char heading)
                         (not (explog-heading-experiment-id))))
        (setq heading (explog-heading-parent)))
      heading)))

;;;; Descriptions

(defun explog-ref-state (id &optional step)
  "Return what is known of experiment ID, and of its STEP if non-nil.
That is `known', `unknown' if no log has it, `other' if `[eID]' is most
likely not a reference, as `[e2e]', or nil while the server is asked."
  (pcase (explog-cache-get id)
    ((and (pred symbolp) state) state)
    (experiment (if (or (null step) (explog-cache-find-step experiment step))
                    'known
                  'unknown))))

(defun explog-ref-describe (id &optional step)
  "Return one line about experiment ID, or its STEP if non-nil.
Return nil while the server is asked, and if it is not a reference."
  (pcase (explog-cache-get id)
    ((or 'nil 'other) nil)
    ('unknown
     (string-join (cons (format "No log has experiment %s" id)
                        (explog-cache-problems))
                  " · "))
    (experiment
     (string-join
      (delq nil
            (list (explog-cache-experiment-title experiment)
                  (if step
                      (explog-ref--describe-step experiment step)
                    (explog-ref--describe-progress experiment))
                  (explog-ref-running id step)
                  (and (explog-cache-experiment-archived experiment) "archived")
                  (explog-cache-experiment-problem experiment)))
      " · "))))

(defun explog-ref--describe-step (experiment number)
  "Return a description of the step NUMBER of EXPERIMENT."
  (if-let ((step (explog-cache-find-step experiment number)))
      (string-join (delq nil (list number
                                   (explog-cache-step-text step)
                                   (explog-ref--box (explog-cache-step-box step))
                                   (explog-cache-step-hash step)))
                   " ")
    (format "there is no step %s" number)))

(defun explog-ref--describe-progress (experiment)
  "Return the state and progress of EXPERIMENT, or nil if it has neither."
  (let ((ticked 0) (boxes 0))
    (dolist (step (explog-cache-experiment-steps experiment))
      (when-let ((box (explog-cache-step-box step)))
        (setq boxes (1+ boxes))
        (when (equal box "X")
          (setq ticked (1+ ticked)))))
    (let ((todo (explog-cache-experiment-todo experiment))
          (count (unless (zerop boxes) (format "[%d/%d]" ticked boxes))))
      (and (or todo count)
           (string-join (delq nil (list todo count)) " ")))))

(defun explog-ref-running (id &optional step)
  "Return what runs for experiment ID or its STEP, as \"▶ 2:31 node7\", or nil."
  (pcase (explog-cache-runs id step)
    (`((,_ ,start ,host) . ,others)
     (explog-running-text
      (concat (explog-duration (- (float-time) start)) " " host
              (and others (format " and %d more" (length others))))))))

(defun explog-ref--box (box)
  "Return a character or string for BOX, the state of a checkbox."
  (pcase box
    ("X" (if (char-displayable-p ?☑) "☑" "[X]"))
    ('nil nil)
    (_ (if (char-displayable-p ?☐) "☐" (format "[%s]" box)))))

;;;; Faces of buttons

(defface explog-ref '((t :inherit link))
  "A reference to an experiment."
  :group 'explog)

(defface explog-ref-unknown '((t :inherit warning :underline (:style wave)))
  "A reference to an experiment or a step that no log has."
  :group 'explog)

(defface explog-ref-hash '((t :inherit link))
  "The hash of a commit on a step."
  :group 'explog)

;;;; Buttons

(defvar explog-ref--categories
  (make-hash-table :test #'equal :weakness 'value)
  "Maps (ID STEP HASH) to the category of its overlays.
A category is removed when its last overlay is.")

(defvar explog-ref-button-map
  (let ((map (make-sparse-keymap)))
    (define-key map [mouse-2] #'explog-ref-visit)
    (define-key map (kbd "C-c RET") #'explog-ref-visit)
    (define-key map (kbd "RET")
      '(menu-item "" explog-ref-visit :filter explog-ref--return))
    map)
  "The keys of a button.
RET is one of them only in read-only buffers whose mode does not use it.")

(defun explog-ref--return (command)
  "Return COMMAND if RET does nothing else that is useful here."
  (let ((other (or (seq-some (lambda (binding)
                               (let ((key (cdr binding)))
                                 (and (commandp key) key)))
                             (minor-mode-key-binding (kbd "RET")))
                   (local-key-binding (kbd "RET")))))
    (and buffer-read-only
         (memq other '(nil newline undefined))
         command)))

(defun explog-ref--category (id step hash)
  "Return the category of buttons for experiment ID and its STEP, or HASH."
  (let ((key (list id step hash)))
    (or (gethash key explog-ref--categories)
        (let ((category (make-symbol (string-join (delq nil (list id step hash)) " "))))
          (setplist category (list 'explog-ref-target key
                                   'help-echo #'explog-ref--help-echo))
          (explog-ref--refresh category)
          (puthash key category explog-ref--categories)))))

(defun explog-ref--refresh (category)
  "Set the properties of CATEGORY by what is known now."
  (pcase-let* ((`(,id ,step ,hash) (get category 'explog-ref-target))
               (state (if hash
                          (if (explog-ref--commit id hash) 'known 'other)
                        (explog-ref-state id step)))
               (face (pcase state
                       ('other nil)
                       ('unknown 'explog-ref-unknown)
                       (_ (if hash 'explog-ref-hash 'explog-ref)))))
    (put category 'explog-ref-known (eq state 'known))
    (put category 'face face)
    (put category 'mouse-face (and face 'highlight))
    (put category 'follow-link (and face t))
    (put category 'keymap (and face explog-ref-button-map))))

(defun explog-ref--commit (id hash)
  "Return the step of experiment ID that has HASH and a known commit, or nil."
  (seq-find (lambda (step)
              (and (equal hash (explog-cache-step-hash step))
                   (explog-cache-step-commit step)))
            (explog-cache-steps-of (explog-cache-get id))))

;;;; Making buttons

(defvar explog-ref--before nil
  "The old buttons of the text that is being fontified.")

(defun explog-ref-button-fontify (beg end)
  "Make buttons of the references and hashes between BEG and END.
This runs during redisplay, so it uses nothing but the text nearby and
what is known already."
  ;; Up to Emacs 28, this makes access to the overlays here ten times as
  ;; fast if there are thousands of them.  Later it does nothing.
  (overlay-recenter end)
  (let ((case-fold-search nil)
        (explog-ref--before (explog-ref--in beg end)))
    (explog-ref--fontify-references beg end)
    (when (and (derived-mode-p 'org-mode) (explog-log-buffer-p))
      (explog-ref--fontify-hashes beg end))
    (mapc #'delete-overlay explog-ref--before)))

(defun explog-ref--in (beg end)
  "Return the buttons between BEG and END."
  (seq-filter (lambda (overlay) (overlay-get overlay 'explog-ref-target))
              (overlays-in beg end)))

(defmacro explog-ref--do-matches (regexp beg end &rest body)
  "Do BODY at each match of REGEXP that overlaps the text from BEG to END."
  (declare (indent 3) (debug t))
  (let ((from (make-symbol "beg")) (to (make-symbol "end")) (limit (make-symbol "limit")))
    `(let* ((,from ,beg) (,to ,end)
            (,limit (min (point-max) (+ ,to explog-ref-longest))))
       (goto-char (max (point-min) (- ,from explog-ref-longest)))
       (while (and (< (point) ,to)
                   (re-search-forward ,regexp ,limit t))
         (when (and (< ,from (match-end 0)) (< (match-beginning 0) ,to))
           ,@body)))))

(defun explog-ref--fontify-references (beg end)
  "Make buttons of the references between BEG and END."
  (explog-ref--do-matches explog-ref-regexp beg end
    (when-let ((reference (explog-ref-match)))
      (explog-ref--make (match-beginning 0) (match-end 0)
                        (car reference) (cdr reference) nil))))

(defun explog-ref--fontify-hashes (beg end)
  "Make buttons of the possible hashes between BEG and END.
A button is visible only if a step has the hash and the commit is known."
  (let (heading id)
    (explog-ref--do-matches "(\\([0-9a-f]\\{7,64\\}\\))[ \t\r]*$" beg end
      (let ((hash (match-string-no-properties 1))
            (from (match-beginning 1))
            (to (match-end 1))
            (above (save-excursion (re-search-backward "^\\*+ " nil t))))
        (unless (eq above heading)      ; most often it is the same as before
          (setq heading above
                id (explog-ref--id-around)))
        (when id
          (explog-ref--make from to id nil hash))))))

(defun explog-ref--id-around ()
  "Return the id of the experiment around point, or nil."
  (save-excursion
    (save-match-data
      (when-let ((heading (explog-ref-experiment-heading)))
        (goto-char heading)
        (explog-heading-experiment-id)))))

(defun explog-ref-button-remove ()
  "Remove all buttons of this buffer."
  (save-restriction
    (widen)
    (mapc #'delete-overlay (explog-ref--in (point-min) (point-max)))))

(defun explog-ref--make (beg end id step hash)
  "Make a button from BEG to END for experiment ID and its STEP, or HASH."
  (let* ((category (explog-ref--category id step hash))
         (overlay (or (explog-ref--reuse beg end category)
                      (make-overlay beg end nil t)))
         (own (get-text-property beg 'keymap)))
    (overlay-put overlay 'category category)
    (overlay-put overlay 'evaporate t)
    ;; The keymap of an overlay hides that of the text, which magit has
    ;; for what its keys do at a commit.
    (when (and own (not hash))
      (overlay-put overlay 'keymap (make-composed-keymap explog-ref-button-map own)))))

(defun explog-ref--reuse (beg end category)
  "Return the old button from BEG to END with CATEGORY, or nil."
  (when-let ((overlay (seq-find (lambda (overlay)
                                  (and (= beg (overlay-start overlay))
                                       (= end (overlay-end overlay))
                                       (eq category (overlay-get overlay 'category))))
                                explog-ref--before)))
    (setq explog-ref--before (delq overlay explog-ref--before))
    overlay))

;;;; Updating buttons

(defun explog-ref-button-changed (ids)
  "Update the buttons for the experiments with IDS, or for all if t.
For `explog-cache-changed-functions'."
  (cond ((eq ids t) (explog-ref--look-again))
        (ids
         (let ((known (make-hash-table :test #'equal)))
           (dolist (id ids)
             (puthash id t known))
           (maphash (lambda (key category)
                      (when (gethash (car key) known)
                        (explog-ref--refresh category)))
                    explog-ref--categories))
         ;; Redisplay does not notice that a category changed.
         (force-window-update))))

(defun explog-ref--look-again ()
  "Ask the server again about the experiments of buttons.
These are the buttons in view, and all whose experiment is not known.
Others are updated when the mouse or point moves to them."
  (let ((categories nil))
    (maphash (lambda (_ category)
               (unless (get category 'explog-ref-known)
                 (push category categories)))
             explog-ref--categories)
    (dolist (category (append (explog-ref--in-view) categories))
      (explog-cache-get (car (get category 'explog-ref-target))))))

(defun explog-ref--in-view ()
  "Return the categories of the buttons in all visible windows."
  (let ((categories nil))
    (walk-windows
     (lambda (window)
       (with-current-buffer (window-buffer window)
         (dolist (overlay (overlays-in (window-start window) (window-end window)))
           (when (overlay-get overlay 'explog-ref-target)
             (push (overlay-get overlay 'category) categories)))))
     'no-minibuffer 'visible)
    categories))

;;;; Tooltips, and following a button

(defun explog-ref--describe (target)
  "Return one line about TARGET, (ID STEP HASH), or nil if it is not known yet."
  (pcase-let ((`(,id ,step ,hash) target))
    (if (not hash)
        (explog-ref-describe id step)
      (when-let ((found (explog-ref--commit id hash)))
        (format "%s in %s"
                (substring (explog-cache-step-commit found) 0 (max 10 (length hash)))
                (abbreviate-file-name (explog-cache-step-repository found)))))))

(defun explog-ref--help-echo (_window object position)
  "Return the tooltip of the button at POSITION in OBJECT, a buffer or overlay."
  (let* ((buffer (if (overlayp object) (overlay-buffer object) object))
         (target (if (overlayp object)
                     (overlay-get object 'explog-ref-target)
                   (get-char-property position 'explog-ref-target buffer)))
         (text (and target (explog-ref--describe target))))
    (when text
      ;; A title is no docstring, so \[...] in it means nothing.
      (propertize text 'help-echo-inhibit-substitution t))))

(defun explog-ref-visit (&optional event other-window)
  "Go to the target of the reference or hash at point, or at EVENT.
With a prefix argument OTHER-WINDOW, show a step in another window."
  (interactive (list last-nonmenu-event current-prefix-arg))
  (when (mouse-event-p event)
    (mouse-set-point event))
  (pcase (get-char-property (point) 'explog-ref-target)
    (`(,id ,_ ,(and hash (pred stringp)))
     (explog-ref--visit-commit id hash))
    (_ (pcase (explog-ref-here)
         (`(,id ,step . ,_) (explog-visit-goto id step other-window))
         (_ (user-error "There is no reference here"))))))

(defun explog-ref--visit-commit (id hash)
  "Show the commit with HASH, which is on a step of experiment ID."
  ;; Fetch the current state, but go on with what is known if that fails.
  (when (explog-cache-usable-p)
    (ignore-errors (explog-cache-fetch id)))
  (let ((step (or (explog-ref--commit id hash)
                  (user-error "No repository has a commit %s on a branch" hash))))
    (explog-search-visit-commit (explog-cache-step-repository step)
                                (explog-cache-step-commit step))))

;;;; Eldoc

(defvar explog-ref--eldoc-waits nil
  "The pending request of eldoc, (TARGET CALLBACK), or nil.")

(defun explog-ref-eldoc (callback &rest _)
  "Describe the button at point to CALLBACK, now or once it is known.
For `eldoc-documentation-functions'."
  (pcase (get-char-property (point) 'explog-ref-target)
    ('nil (setq explog-ref--eldoc-waits nil))
    (target
     (if-let ((text (explog-ref--describe target)))
         (funcall callback text)
       (setq explog-ref--eldoc-waits (list target callback)))
     t)))

(defun explog-ref--tell-eldoc (ids)
  "Answer the pending request of eldoc if it is about one of IDS."
  (pcase explog-ref--eldoc-waits
    ((and `(,target ,callback) (guard (and (listp ids) (member (car target) ids))))
     (setq explog-ref--eldoc-waits nil)
     (when (equal target (get-char-property (window-point) 'explog-ref-target
                                            (window-buffer)))
       (when-let ((text (explog-ref--describe target)))
         (funcall callback text))))))

;;;; The mode

(defun explog-ref--open-in-org ()
  "Follow the button at point; return nil if there is none.
For `org-open-at-point-functions'."
  (when (get-char-property (point) 'explog-ref-target)
    (explog-ref-visit)
    t))

;;;###autoload
(define-minor-mode explog-ref-mode
  "Make buttons of references to experiments, as `[e201.1]'.
In a log, the hashes of commits on steps are buttons as well.
\\<explog-ref-button-map>\\[explog-ref-visit] or a mouse click goes there, eldoc and the tooltip
say what it is.  See `global-explog-ref-mode'."
  :group 'explog
  (explog-ref--take-down)
  (when explog-ref-mode
    (explog-ref--set-up)))

(defun explog-ref--set-up ()
  "Set up `explog-ref-mode' in this buffer."
  (add-hook 'explog-cache-changed-functions #'explog-ref--changed)
  (add-hook 'change-major-mode-hook #'explog-ref--take-down nil t)
  (add-hook 'eldoc-documentation-functions #'explog-ref-eldoc nil t)
  (add-hook 'xref-backend-functions #'explog-xref-backend -50 t)
  (when (derived-mode-p 'org-mode)
    (add-hook 'org-open-at-point-functions #'explog-ref--open-in-org nil t))
  (explog-ref--start-eldoc)
  ;; There, jit-lock would say that it does not work.
  (unless (buffer-base-buffer)
    (jit-lock-register #'explog-ref-button-fontify)))

(defun explog-ref--take-down ()
  "Undo what `explog-ref--set-up' did in this buffer."
  (remove-hook 'change-major-mode-hook #'explog-ref--take-down t)
  (remove-hook 'eldoc-documentation-functions #'explog-ref-eldoc t)
  (remove-hook 'xref-backend-functions #'explog-xref-backend t)
  (remove-hook 'org-open-at-point-functions #'explog-ref--open-in-org t)
  (explog-ref--stop-eldoc)
  (when (memq #'explog-ref-button-fontify jit-lock-functions)
    (explog-ref--stop-jit-lock))
  (explog-ref-button-remove)
  (unless (seq-some (lambda (buffer) (buffer-local-value 'explog-ref-mode buffer))
                    (buffer-list))
    (remove-hook 'explog-cache-changed-functions #'explog-ref--changed)))

(defun explog-ref--changed (ids)
  "Show what is known now of the experiments with IDS, or of all if t."
  (explog-ref-button-changed ids)
  (explog-ref--tell-eldoc ids))

(defun explog-ref--stop-jit-lock ()
  "Stop making buttons, and turn off jit-lock if only we used it."
  (jit-lock-unregister #'explog-ref-button-fontify)
  (unless jit-lock-mode
    (remove-hook 'fontification-functions #'jit-lock-function t)
    (save-restriction
      (widen)
      (with-silent-modifications
        (remove-text-properties (point-min) (point-max) '(fontified nil))))))

(defvar-local explog-ref--eldoc-started nil
  "Non-nil if `explog-ref-mode' turned on eldoc in this buffer.")

(defun explog-ref--start-eldoc ()
  "Turn on `eldoc-mode' if the user has it on globally.
It is off in buffers whose mode has no documentation to show."
  (when (and (bound-and-true-p global-eldoc-mode)
             (not (bound-and-true-p eldoc-mode)))
    (setq explog-ref--eldoc-started t)
    (eldoc-mode 1)))

(defun explog-ref--stop-eldoc ()
  "Turn off `eldoc-mode' if `explog-ref-mode' turned it on."
  (when explog-ref--eldoc-started
    (setq explog-ref--eldoc-started nil)
    (unless (local-variable-p 'eldoc-documentation-functions)
      (eldoc-mode -1))))

(defun explog-ref--turn-on ()
  "Turn on `explog-ref-mode', except in minibuffers and internal buffers."
  (unless (or (minibufferp)
              (string-prefix-p " " (buffer-name)))
    (explog-ref-mode 1)))

;;;###autoload
(define-globalized-minor-mode global-explog-ref-mode
  explog-ref-mode explog-ref--turn-on
  :group 'explog
  :predicate '((not term-mode vterm-mode eat-mode image-mode doc-view-mode
                    pdf-view-mode hexl-mode so-long-mode archive-mode tar-mode)
               t))

(provide 'explog-ref)
;;; explog-ref.el ends here
